// The draft: what is being written, kept in the browser until it is sent. The list, which is of
// people, lives as long as the tab; the rest as long as the browser keeps it.

const PLACE = "loopcast.draft";

/** @typedef {{by: "value"|"column", value: string, column: string, isGuess?: boolean}} Value */

export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/** A draft of nothing. `id` tells one submission from the next. */
export function fresh(id) {
  return {
    id,
    from: "",
    kind: "template",
    template: "",
    language: "en_US",
    isTyped: false,
    keys: [],
    values: {},
    text: "",
    previewUrl: false,
    label: "",
    start: "",
    hasWindow: false,
    windowFrom: "09:00",
    windowTo: "20:00",
    days: [...DAYS],
    zone: "recipient",
    zoneColumn: "",
    rate: "",
    loopSize: "",
    pause: "",
  };
}

/**
 * A list of nobody. `upload` is the gateway's answer to what
 * `uploadOf` tells apart, `full` one with the values for everybody; `picked`: the column with the
 * numbers, where a person said so; `wrong`: what a file is that cannot be a list.
 */
export const freshList = () => ({
  kind: "paste",
  name: "",
  text: "",
  upload: null,
  uploadOf: "",
  full: null,
  hasHeader: null,
  column: "",
  picked: "",
  region: "",
  encoding: "",
  sheet: "",
  wrong: "",
  testTo: "",
});

/** What `owner` kept. What does not fit any more is left out, and so is all of somebody else's. */
export function kept(storages, id, owner) {
  return {
    draft: { ...fitting(fresh(id), parsed(storages.draft, owner)), owner },
    list: { ...fitting(freshList(), parsed(storages.list, owner)), owner },
  };
}

/** Keep both. @returns {boolean} whether the browser took them */
export function keep(storages, draft, list) {
  try {
    storages.draft?.setItem(PLACE, JSON.stringify(draft));
    storages.list?.setItem(PLACE, JSON.stringify(list));
    return Boolean(storages.draft && storages.list);
  } catch {
    return false;
  }
}

/** Forget both. */
export function forget(storages) {
  storages.draft?.removeItem(PLACE);
  storages.list?.removeItem(PLACE);
}

/** Where browsers keep things; `null` where they are told not to. */
export function storagesOf(scope) {
  return { draft: opened(() => scope.localStorage), list: opened(() => scope.sessionStorage) };
}

function opened(open) {
  try {
    return open();
  } catch {
    return null;
  }
}

function parsed(storage, owner) {
  try {
    const found = JSON.parse(storage?.getItem(PLACE) ?? "null");
    return found?.owner === owner ? found : {};
  } catch {
    return {};
  }
}

function fitting(empty, found) {
  const same = Object.entries(empty).filter(([name, value]) => isAlike(value, found[name]));
  return { ...empty, ...Object.fromEntries(same.map(([name]) => [name, found[name]])) };
}

function isAlike(value, found) {
  if (found === undefined) return false;
  if (value === null || found === null) return value === null;
  return typeof value === typeof found && Array.isArray(value) === Array.isArray(found);
}
