// The order that a draft comes to: which form of the API, and its body. Pure.

/** @typedef {{path: string, body: object}} Order */

const TEMPLATE = "/api/whatsapp/bulk-quick-send";
const ROWS = "/api/whatsapp/bulk-customize-send";
const DIRECT = "/api/bulk/send";

/** A job of one template in one language, or of free text. @returns {Order} */
export function orderOf(draft, list, read) {
  const planned = planOf(draft, list, read);
  if (draft.kind === "text") return direct(draft, numbersOf(list, read), planned);
  return isTable(list, read) ? ofRows(draft, list, planned) : quick(draft, list, planned);
}

/** One message of it, to a number of one's own. `row` is from 1. @returns {Order} */
export function testOf(draft, list, read, to, row) {
  const { path, body } = orderOf(draft, list, read);
  const given = path === ROWS ? { ...body, to, row } : { ...body, to };
  if (path === TEMPLATE) given.recipients_text = to;
  if (path === DIRECT) given.recipients = [to];
  return { path: "/api/whatsapp/test-send", body: given };
}

/** What is asked to check numbers before anything else is known of the order. @returns {Order} */
export function checkOf(list, read, service) {
  const from = service.phoneNumberId ?? "1"; // any: it is a dry run, and lists are the same for all
  return direct({ text: ".", previewUrl: false, from, label: "" }, numbersOf(list, read), {});
}

/** Whether the list has columns, rather than numbers alone. */
export const isTable = (list, read) => isFar(list) || read.kind === "table";

/** Whether values can come from its columns: a table that was made of numbers alone has but one. */
export const hasColumns = (list, read) => isTable(list, read) && !read.entries;

/** Whether the gateway alone has the rows: of a workbook, or of a file too large to be read here. */
export const isFar = (list) => list.kind === "file" && !list.text;

function quick(draft, list, planned) {
  return {
    path: TEMPLATE,
    body: {
      phone_number_id: draft.from,
      template_name: draft.template,
      language: draft.language,
      variables: constants(draft),
      recipients_text: list.text,
      ...labelled("campaign_name", draft),
      ...planned,
    },
  };
}

function ofRows(draft, list, planned) {
  const { id, names } = list.full ?? { id: list.upload?.id, names: {} };
  return {
    path: ROWS,
    body: {
      phoneNumberId: draft.from,
      templateName: draft.template,
      language: draft.language,
      uploadId: id,
      hasHeader: list.upload?.hasHeader,
      recipientColumn: list.column,
      variableMappings: { ...columnsOf(draft), ...names },
      ...labelled("campaign_name", draft),
      ...planned,
    },
  };
}

function direct(draft, recipients, planned) {
  return {
    path: DIRECT,
    body: {
      phone_number_id: draft.from,
      message: { kind: "text", text: { body: draft.text, preview_url: draft.previewUrl } },
      recipients,
      ...labelled("campaignId", draft),
      ...planned,
    },
  };
}

const labelled = (name, draft) => (draft.label.trim() ? { [name]: draft.label.trim() } : {});

/** The numbers of a list, one by one: those of a table are in its column. */
export function numbersOf(list, read) {
  if (read.kind === "plain") return read.entries.map((entry) => entry.value);
  const { columns, body } = tableOf(list, read);
  const at = columns.indexOf(list.column);
  return at < 0 ? [] : body.map((row) => row.cells[at] ?? "");
}

/** A table as it can be shown: the names of its columns and the rows that are at hand. */
export function tableOf(list, read) {
  const columns = list.upload?.columns ?? [];
  if (read.kind !== "table") return { columns, body: list.upload?.preview ?? [] };
  return { columns, body: (list.upload?.hasHeader ?? true) ? read.rows.slice(1) : read.rows };
}

/** Values that are the same for everybody, by key. */
export function constants(draft) {
  return chosen(draft, (value) => value.by === "value" && value.value.trim(), (value) => value.value.trim());
}

/** Columns that fill a place, by its key. */
export function columnsOf(draft) {
  return chosen(draft, (value) => value.by === "column" && value.column, (value) => value.column);
}

function chosen(draft, isIt, read) {
  const given = draft.keys.map((key) => [key, draft.values[key]]).filter(([, value]) => value && isIt(value));
  return Object.fromEntries(given.map(([key, value]) => [key, read(value)]));
}

/** What one row gets, by key; `row` as of `tableOf`, `null` for a list of numbers alone. */
export function valuesOf(draft, row, columns) {
  const mapped = Object.entries(row ? columnsOf(draft) : {});
  return { ...constants(draft), ...Object.fromEntries(mapped.map(([key, name]) => [key, row.cells[columns.indexOf(name)] ?? ""])) };
}

function planOf(draft, list, read) {
  return {
    ...(draft.start ? { scheduledAt: instantOf(draft.start) } : {}),
    ...(draft.hasWindow ? { window: windowOf(draft) } : {}),
    ...(hasZoneColumn(draft, list, read) ? { zoneColumn: draft.zoneColumn } : {}),
    ...(draft.rate ? { messagesPerSecond: Number(draft.rate) } : {}),
    ...(draft.loopSize ? { loopSize: Number(draft.loopSize) } : {}),
    ...(draft.pause ? { loopPauseMs: Math.round(Number(draft.pause) * 1000) } : {}),
  };
}

function hasZoneColumn(draft, list, read) {
  const isAsked = draft.hasWindow && draft.zone === "recipient" && draft.zoneColumn;
  return Boolean(isAsked && draft.kind === "template" && hasColumns(list, read));
}

function windowOf(draft) {
  return {
    from: draft.windowFrom,
    to: draft.windowTo,
    ...(draft.days.length < 7 ? { days: draft.days } : {}),
    zone: draft.zone,
  };
}

/** "2026-11-27T09:00", on the clock of this browser, as an instant; as it is where it is none. */
export function instantOf(local) {
  const at = new Date(local);
  return Number.isNaN(at.getTime()) ? local : at.toISOString();
}

/**
 * A key for `Idempotency-Key`: the same as long as draft and order are. An upload counts as what is
 * in it: the same list, brought once more after its answer was lost, is the same order.
 */
export function sameOrderSameKey(id, order, list = {}) {
  const { uploadId, ...said } = order.body;
  const upload = uploadId ? [list.full?.about ?? list.uploadOf, list.upload.bytes, list.upload.rows] : [];
  return `compose-${id}-${digest(order.path + JSON.stringify([said, ...upload]))}`;
}

/** What tells a list, and how it is to be read, from others; the bytes of a file alone are not in it. */
export const aboutOf = (list) => digest([list.name, list.text, list.hasHeader, list.picked, list.region, list.sheet, list.encoding].join("\n"));

/** A digest that tells texts apart; it keeps no secret. FNV-1a, forwards and backwards. */
export function digest(text) {
  let there = 2166136261;
  let back = 2166136261;
  for (let at = 0; at < text.length; at += 1) {
    there = Math.imul(there ^ text.charCodeAt(at), 16777619);
    back = Math.imul(back ^ text.charCodeAt(text.length - 1 - at), 16777619);
  }
  return [there, back, text.length].map((part) => (part >>> 0).toString(36)).join("-");
}
