// What keeps a draft from being sent: what is missing, what cannot be, and where it is told. Pure.

import { figure, listed } from "./words.js";
import { isKey, placeName } from "./compose-fill.js";
import { hasColumns, isFar, isTable } from "./compose-order.js";

/**
 * `field` is where it is told: from, template, text, list, column, value:KEY, start, window, days,
 * zone, rate, loopSize, pause, label. What is missing is told beside the button alone.
 * @typedef {{field: string, message: string, isMissing: boolean}} Problem
 */

const YEAR_MS = 366 * 86400e3;
const MOST_PAUSE_S = 3600;
const MOST_RATE = 1000; // of a service without a limit
const MOST_TEXT = 4096;

/** @returns {Problem[]} in the order of the page */
export function problemsOf({ draft, list, read, service, template, check = null, file = null, about = list.uploadOf, now = new Date() }) {
  return [
    ...from(draft),
    ...(draft.kind === "text" ? text(draft, list, read) : named(draft, template)),
    ...people(list, read, check, isOfAnother(list, file, about)),
    ...(draft.kind === "text" ? [] : values(draft, template, list, read)),
    ...when(draft, now),
    ...limits(draft, service),
  ];
}

/** What is missing, in a sentence; "" when nothing is. */
export function missing(problems) {
  const words = problems.filter((problem) => problem.isMissing).map((problem) => problem.message);
  return words.length ? `Still missing: ${listed([...new Set(words)])}.` : "";
}

const lacks = (field, message) => [{ field, message, isMissing: true }];
const wrong = (field, message) => [{ field, message, isMissing: false }];

function from(draft) {
  if (!draft.from) return lacks("from", "the sending number");
  return /^\d{1,32}$/.test(draft.from) ? [] : wrong("from", "The id of a number is digits alone: not the phone number itself.");
}

function named(draft, template) {
  if (!draft.template.trim()) return lacks("template", "the template");
  if (template && !template.sendable) return wrong("template", `It is ${template.status} at Meta: only approved templates can be sent.`);
  return template && !template.supported ? wrong("template", template.unsupported) : [];
}

function text(draft, list, read) {
  const file = isFar(list) && list.upload ? wrong("list", "Free text goes to pasted numbers, or to a CSV of up to 2 MB. Save this file as one, or paste the column.") : [];
  if (!draft.text.trim()) return [...lacks("text", "the text"), ...file];
  return draft.text.length > MOST_TEXT ? [...wrong("text", `A text may have ${figure(MOST_TEXT)} characters; this has ${figure(draft.text.length)}.`), ...file] : file;
}

/** Whether the upload is of the list as it was before: only what is still at hand can have changed. */
const isOfAnother = (list, file, about) => list.uploadOf !== about && (!isFar(list) || Boolean(file));

function people(list, read, check, isOld) {
  if (list.kind === "file" ? !list.name : read.kind === "empty") return lacks("list", "recipients");
  if (list.wrong) return lacks("list", "a list that can be read");
  if (!isTable(list, read)) return [];
  if (!list.upload) return lacks("list", check?.state === "gone" ? "the file, once more" : check?.state === "refused" ? "a list that can be read" : "the check of the list");
  if (isOld) return lacks("list", "the check of the list");
  return list.upload.columns.includes(list.column) ? [] : lacks("column", "the column with the numbers");
}

function values(draft, template, list, read) {
  const sources = { isTable: hasColumns(list, read), isFar: isFar(list) };
  return draft.keys.flatMap((key) => value(key, draft.values[key], placeOf(key, template), sources, template));
}

const placeOf = (key, template) => template?.places.find((place) => place.key === key) ?? { required: !template, most: null };

function value(key, given, place, { isTable: hasOwn, isFar: isOfFile }, template) {
  const field = `value:${key}`;
  if (!isKey(key)) return wrong(field, "No place of a template is called that. Try 1, first_name, header.image or button.0.url.");
  const isColumn = given?.by === "column";
  if (isColumn && !hasOwn) return lacks(field, placeName(key, template));
  if (!isColumn && isOfFile && given?.value) return wrong(field, "Choose a column: values of this file come from its columns.");
  const filled = isColumn ? given.column : given?.value.trim();
  if (!filled) return place.required ? lacks(field, placeName(key, template)) : [];
  if (isColumn) return [];
  if (place.most && filled.length > place.most) return wrong(field, `${figure(place.most)} characters at most; this has ${figure(filled.length)}.`);
  return /[\n\r\t]| {4}/.test(filled) ? wrong(field, "Meta takes no line break, tab or four spaces in a row here.") : [];
}

function when(draft, now) {
  const found = [];
  if (draft.start) found.push(...start(new Date(draft.start), now));
  if (!draft.hasWindow) return found;
  if (!draft.windowFrom || !draft.windowTo) found.push(...wrong("window", "Give both hours."));
  else if (draft.windowFrom === draft.windowTo) found.push(...wrong("window", "The hours are the same: nobody would be written to."));
  if (!draft.days.length) found.push(...wrong("days", "Choose one day at least."));
  if (!draft.zone.trim()) found.push(...lacks("zone", "the time zone"));
  return found;
}

function start(at, now) {
  if (Number.isNaN(at.getTime())) return wrong("start", "This is no date and time.");
  if (at < now - 60e3) return wrong("start", "This time is past. Clear it to start at once.");
  return at - now > YEAR_MS ? wrong("start", "A start can be planned a year ahead at most.") : [];
}

function limits(draft, service) {
  const rate = service.messagesPerSecond ?? MOST_RATE;
  const pause = service.loopPauseMs / 1000;
  return [
    ...within("rate", draft.rate, 1, rate, true),
    ...within("loopSize", draft.loopSize, 1, service.loopSize, true),
    ...within("pause", draft.pause, pause, MOST_PAUSE_S, false),
  ];
}

function within(field, given, least, most, isWhole) {
  if (given === "") return [];
  const value = Number(given);
  const isIn = value >= least && value <= most && (!isWhole || Number.isInteger(value));
  return isIn ? [] : wrong(field, `${isWhole ? "A whole number from" : "From"} ${figure(least)} to ${figure(most)}.`);
}

const FIELDS = [
  [/scheduledAt/, "start"],
  [/zoneColumn/, "zone"],
  [/window\.zone|time zone/, "zone"],
  [/window/, "window"],
  [/messagesPerSecond/, "rate"],
  [/loopSize/, "loopSize"],
  [/loopPauseMs/, "pause"],
  [/phone_number_id|phoneNumberId|META_PHONE_NUMBER_ID/, "from"],
  [/recipientColumn/, "column"],
  [/campaign/, "label"],
  [/template_name|templateName/, "template"],
];

const ERRORS = {
  "Template not ready": "template",
  "Template parameters do not match": "values",
  "Rows do not fill the template": "values",
  "No valid recipients found": "list",
  "No recipients provided": "list",
  "Job Creation Failed": "list",
  "Upload not found": "list",
  "Number disabled": "from",
};

/** The field that a refusal of the gateway concerns; `null`: the order as a whole. */
export function fieldOf(refused, keys = []) {
  const field = ERRORS[refused.error] ?? FIELDS.find(([words]) => words.test(refused.message))?.[1] ?? null;
  if (field !== "values") return field;
  const told = /lacks ([^.]*)/.exec(refused.message)?.[1].split(", ") ?? [];
  const key = told.find((name) => keys.includes(name));
  return key ? `value:${key}` : "values";
}
