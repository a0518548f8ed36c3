// Rows that only the gateway has: what one of them would read is asked by a dry run of a test send.

import { plan } from "./compose-asks.js";
import { testOf } from "./compose-order.js";

/** What the row would get: `{body}` once it is known, `{note}` until then. */
export function uploadedText(ctx, row) {
  const to = ctx.list.upload.preview.map((one) => one.cells[ctx.list.upload.columns.indexOf(ctx.list.column)]).find(Boolean);
  if (ctx.problems.length || !to) return { note: "This row is shown once everything is filled in." };
  const order = testOf(ctx.draft, ctx.list, ctx.read, ctx.plan.answer?.examples?.[0]?.to ?? to, row);
  const about = JSON.stringify(order);
  if (ctx.farRow?.about === about) return ctx.farRow.shown;
  ctx.farRow = { about, shown: { note: "Asking for this row…" } };
  ctx.asks.row.ask(async (signal) => {
    const answer = await plan(order, signal);
    if (signal.aborted) return;
    ctx.farRow = { about, shown: shownOf(answer) };
    ctx.refresh();
  });
  return ctx.farRow.shown;
}

function shownOf(answer) {
  const refused = answer.ok ? answer.data.refused : answer;
  if (refused) return { note: refused.message };
  const [example] = answer.data.examples;
  return { body: [{ text: example?.text ?? JSON.stringify(example?.components ?? []), isOpen: false }] };
}
