// A form in a dialog that stays open until the gateway has taken it: what is refused is said in it.

import { fill, h, refill, unique } from "./dom.js";
import { busy, refusal } from "./parts.js";

/**
 * Ask, and do it. `act` sends what the fields hold and returns the answer; `null` says that a field
 * is wrong and has said so. `explain(answer)` may add to a refusal. The button stays pressed while
 * it is done. Resolves to the answer's data, or to `null` (Esc, Back).
 * @param {{title: string, text?: string|null, confirm: string, isGrave?: boolean, content?: any,
 *   act: function(): Promise<any>, explain?: function(any): any, back?: string}} question
 * @returns {Promise<any>}
 */
export function askAndDo({ title, text = null, confirm, isGrave = false, content = [], act, explain, back = "Back" }) {
  const heading = unique("ask");
  const said = h("div.said");
  const yes = h("button", { type: "submit", class: isGrave ? "danger" : "primary" }, confirm);
  const dialog = h("dialog.asking", { "aria-labelledby": heading });
  let done = null;
  const tried = async (event) => {
    event.preventDefault();
    if (busy(yes)) return;
    refill(said);
    busy(yes, true);
    const answer = await act();
    busy(yes, false);
    if (answer?.ok) {
      done = answer.data ?? {};
      dialog.close();
    } else refused(dialog, said, answer, explain);
  };
  const no = h("button", { type: "button", autofocus: isGrave, onclick: () => dialog.close() }, back);
  fill(
    dialog,
    h(
      "form",
      { onsubmit: tried, novalidate: true },
      h("h2", { id: heading }, title),
      text ? h("p", null, text) : null,
      content,
      said,
      h("p.actions", null, yes, no),
    ),
  );
  return shown(dialog, () => done);
}

function refused(dialog, said, answer, explain) {
  if (answer) {
    refill(said, refusal(answer), explain?.(answer));
    said.scrollIntoView({ block: "nearest" });
  } else dialog.querySelector("[aria-invalid]")?.focus();
}

/** Show a dialog; resolves to `result()` once it is closed, and puts the focus back. */
export function shown(dialog, result) {
  const before = document.activeElement;
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (before?.isConnected) before.focus();
      resolve(result());
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
