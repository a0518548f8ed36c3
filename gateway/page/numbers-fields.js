// What the form of a sending number holds, made ready for the API. Pure.

/**
 * @typedef {{phoneNumberId: string, name: string, provider: string, wabaId: string, token: string,
 *   appSecret: string, rate: string, pause: string, limit: string, isEnabled: boolean,
 *   isChecked: boolean}} Typed as typed; `pause` in seconds
 * @typedef {{messagesPerSecond: number|null, loopPauseMs: number}} Service
 */

const LONGEST_PAUSE_S = 3600;
const HIGHEST_LIMIT = 10_000_000;

/**
 * The body of the `PUT`, or what is wrong with which field. What is empty is left out: then it is
 * as the service; tokens and secrets that are left out stay as they are.
 * @param {Typed} typed @param {Service} service @param {boolean} isNew
 * @returns {{body: object|null, wrong: Record<string, string>}}
 */
export function bodyOf(typed, service, isNew) {
  const wrong = wrongs(typed, service, isNew);
  if (Object.keys(wrong).length) return { body: null, wrong };
  const body = {
    name: typed.name.trim(),
    provider: typed.provider,
    wabaId: typed.wabaId.trim(),
    token: typed.token.trim(),
    appSecret: typed.appSecret.trim(),
    messagesPerSecond: numberIn(typed.rate),
    loopPauseMs: typed.pause.trim() ? Math.round(numberIn(typed.pause) * 1000) : null,
    messagingLimit: numberIn(typed.limit),
  };
  const given = Object.entries(body).filter(([, value]) => value !== "" && value !== null);
  return { body: { ...Object.fromEntries(given), enabled: typed.isEnabled, check: typed.isChecked }, wrong };
}

function wrongs(typed, service, isNew) {
  const most = service.messagesPerSecond || 1000;
  const least = service.loopPauseMs / 1000;
  return said({
    phoneNumberId: /^\d{1,20}$/.test(typed.phoneNumberId.trim()) ? null : "The phone number id is digits alone. Meta shows it beside the number, under API setup; it is not the number itself.",
    token: isNew && !typed.token.trim() ? "A new number needs its token." : null,
    wabaId: /^\d{0,20}$/.test(typed.wabaId.trim()) ? null : "The id of the business account is digits alone.",
    rate: isWithin(typed.rate, 1, most, true) ? null : `A whole number from 1 to ${most}: a number may be slower than the service, and never faster.`,
    pause: isWithin(typed.pause, least, LONGEST_PAUSE_S) ? null : `From ${least} to ${LONGEST_PAUSE_S} seconds: the pause may be longer than the service's, and never shorter.`,
    limit: isWithin(typed.limit, 0, HIGHEST_LIMIT, true) ? null : "A whole number of people; 0 is no limit.",
  });
}

const said = (all) => Object.fromEntries(Object.entries(all).filter(([, text]) => text));

function numberIn(text) {
  return text.trim() ? Number(text.trim().replace(",", ".")) : null;
}

function isWithin(text, least, most, isWhole = false) {
  const value = numberIn(text);
  return value === null || (value >= least && value <= most && (!isWhole || Number.isInteger(value)));
}

/** How the form begins for a number that is there; for a new one, empty. @returns {Typed} */
export function typedOf(number) {
  const text = (value) => (value === null || value === undefined ? "" : String(value));
  return {
    phoneNumberId: text(number?.phoneNumberId),
    name: text(number?.name),
    provider: number?.provider ?? "meta",
    wabaId: text(number?.wabaId),
    token: "",
    appSecret: "",
    rate: text(number?.messagesPerSecond),
    pause: number?.loopPauseMs === null || number?.loopPauseMs === undefined ? "" : String(number.loopPauseMs / 1000),
    limit: text(number?.messagingLimit),
    isEnabled: number?.enabled ?? true,
    isChecked: true,
  };
}
