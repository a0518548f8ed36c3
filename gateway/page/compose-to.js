// The second step: who gets it. Pasted, typed, or a file; what the gateway thinks of it.

import { checkPart } from "./compose-check.js";
import { drawnOf, step, told } from "./compose-controls.js";
import { chosen, pasted, removed } from "./compose-lists.js";
import { fill, h } from "./dom.js";

const KINDS = ".csv,.tsv,.txt,.xlsx,text/csv,text/plain,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const BYTES = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });

/** @returns {{root: HTMLElement, refresh: function(): void}} */
export function toPart(ctx) {
  const area = h("textarea", {
    rows: 7,
    value: ctx.list.kind === "paste" ? ctx.list.text : "",
    placeholder: "+49 1511 2345678\n+91 98765 43210",
    spellcheck: "false",
    autocomplete: "off",
    oninput: () => pasted(ctx, area.value),
  });
  const picker = h("input", { type: "file", accept: KINDS, hidden: true, "aria-label": "File with the list", onchange: () => take(ctx, picker) });
  const button = h("button", { type: "button", onclick: () => picker.click() }, "Choose a file");
  const paste = h("div", null, told(ctx, "list", "Numbers, or a table", area, {
    hint: "A number a line, with + and country code; or rows copied from a spreadsheet, with a first row of names.",
  }), h("p.drop-line", null, button, h("span.hint", null, "or drop a CSV or XLSX here, of up to 50 MB")));
  const file = h("div");
  const drawFile = drawnOf(file, (place, isFile) => isFile && place.append(fileLine(ctx, area, () => picker.click())));
  const check = checkPart(ctx);
  const root = step("To", paste, picker, file, check.root);
  dropped(root, (one) => chosen(ctx, one));
  return {
    root,
    refresh() {
      const isFile = ctx.list.kind === "file";
      const isPressed = isFile && paste.contains(document.activeElement);
      paste.hidden = isFile;
      drawFile(isFile && [ctx.list.name, ctx.list.upload?.bytes, ctx.file?.size]);
      if (isPressed) file.querySelector("button").focus(); // the one that was pressed is hidden now
      check.refresh();
    },
  };
}

function take(ctx, picker) {
  const [one] = picker.files;
  picker.value = "";
  if (one) chosen(ctx, one);
}

function dropped(place, take_) {
  const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  place.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    place.classList.add("is-over");
  });
  place.addEventListener("dragleave", (event) => place.contains(event.relatedTarget) || place.classList.remove("is-over"));
  place.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    place.classList.remove("is-over");
    if (event.dataTransfer.files[0]) take_(event.dataTransfer.files[0]);
  });
}

function fileLine(ctx, area, pick) {
  const { list } = ctx;
  const bytes = ctx.file?.size ?? list.upload?.bytes;
  const remove = () => {
    removed(ctx);
    area.value = "";
    area.focus();
  };
  return fill(
    h("p.file-line"),
    h("strong", null, list.name),
    bytes ? h("span.muted", null, sizeWords(bytes)) : null,
    h("button.quiet", { type: "button", onclick: pick }, "Choose again"),
    h("button.quiet", { type: "button", onclick: remove, "aria-label": `Remove ${list.name}` }, "Remove"),
  );
}

function sizeWords(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${BYTES.format(bytes / 1e3)} kB` : `${BYTES.format(bytes / 1e6)} MB`;
}
