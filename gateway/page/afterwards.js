// What became of a job: the sum, who failed and why, sending again, files, its family and its trail.

import { reasons } from "./afterwards-why.js";
import { resending } from "./afterwards-resend.js";
import { sums } from "./afterwards-sum.js";
import { family, trail } from "./afterwards-trail.js";
import { get } from "./api.js";
import { h } from "./dom.js";
import { every } from "./live.js";
import { linkButton } from "./parts.js";
import { zone } from "./words.js";

const POLL_MS = 5000; // receipts come for hours after the end

/**
 * @param {HTMLElement} container @param {any} job the answer of GET /api/bulk/job/{id}
 * @param {import("./app.js").App} app
 * @returns {function(): void} cleans up
 */
export function showAfterwards(container, job, app) {
  const parts = [sums(job, app.service.tracksReceipts), resending(job, app), family(job), reasons(job)];
  const [sum, again, kin, why] = parts;
  const root = h("div.after", null, sum.root, h("div.after-main", null, why.root, trail(job).root), h("div.after-side", null, again.root, kin.root, files(job)));
  container.replaceChildren(root);
  const polling = every(POLL_MS, async () => {
    const answer = await get(`/api/bulk/job/${encodeURIComponent(job.jobId)}`);
    if (answer.ok && root.isConnected) for (const part of parts) part.update(answer.data);
  });
  return () => {
    polling.stop();
    root.remove();
  };
}

function files(job) {
  const base = `/api/bulk/job/${job.jobId}`;
  return h(
    "section.card", { "aria-labelledby": "after-files" },
    h("h2", { id: "after-files" }, "Take it with you"),
    h("p.muted", null, "Every recipient with state, times and reason."),
    h("p.actions", null, ["csv", "xlsx", "ndjson"].map((kind) => h("a.button", { href: `${base}/messages.${kind}`, download: true }, kind.toUpperCase()))),
    h("p.actions", null, h("a.button", { href: `${base}/summary.html?zone=${encodeURIComponent(zone())}`, target: "_blank", rel: "noopener" }, "Summary to print"), linkButton(`#/jobs/${job.jobId}/recipients`, "All recipients")),
  );
}
