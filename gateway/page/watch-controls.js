// Pause, resume, cancel and change of a job: its buttons, and the plain question before each.

import { del, patch, post, put } from "./api.js";
import { h, refill } from "./dom.js";
import { ask, busy as waits, field, refusal } from "./parts.js";
import { allowed, cancelText, pauseText, resumeText, startFrom, startOf } from "./watch-asked.js";
import { nameOf } from "./watch-words.js";

const DEADLINE_MS = 30000;

/**
 * The buttons of a job. `show(job, state)` says which there are; `onJob` gets the job as answered.
 * @param {import("./app.js").App} app @param {function(any): void} onJob
 * @returns {{root: HTMLElement, problems: HTMLElement, show: function(any, string): void}}
 */
export function controls(app, onJob) {
  const root = h("div.actions.job-actions", { role: "group", "aria-label": "What can be done", tabindex: "-1" });
  const problems = h("div");
  let job = null;
  let busy = "";

  const act = async (word, request) => {
    busy = word;
    refill(problems);
    draw();
    const answer = await request();
    busy = "";
    if (answer.ok) onJob(answer.data);
    else refill(problems, refusal(answer));
    draw();
  };
  const path = (end = "") => `/api/bulk/job/${encodeURIComponent(job.jobId)}${end}`;
  const send = (word, end, reason) => act(word, () => post(path(end), reason ? { reason } : {}, { deadlineMs: DEADLINE_MS }));

  const buttons = {
    pause: button("Pause", "", async () => {
      const reason = reasonField();
      if (await ask({ title: "Pause it?", text: pauseText(job), confirm: "Pause", content: [reason.root] })) send("Pausing…", "/pause", reason.control.value.trim());
    }),
    resume: button("Resume", "primary", async () => {
      const reason = reasonField();
      if (await ask({ title: "Go on sending?", text: resumeText(job), confirm: "Resume", content: [reason.root] })) send("Resuming…", "/resume", reason.control.value.trim());
    }),
    change: button("Change…", "", () => change(job, app, act, path)),
    cancel: button("Cancel…", "", async () => {
      const reason = reasonField();
      const question = { title: `Cancel the rest of “${nameOf(job)}”?`, text: cancelText(job), confirm: "Cancel the rest", isGrave: true, content: [reason.root] };
      if (await ask(question)) send("Canceling…", "/cancel", reason.control.value.trim());
    }),
  };
  const waiting = h("span.hint", { role: "status" });
  root.append(waiting, ...Object.values(buttons));

  let shown = "";
  const draw = () => {
    const may = app.may("control") ? allowed(job, job.state) : {};
    const key = JSON.stringify([may, busy]);
    if (key === shown) return;
    shown = key;
    waiting.textContent = busy;
    const pressed = Object.values(buttons).find((element) => element === document.activeElement);
    for (const [name, element] of Object.entries(buttons)) {
      element.hidden = !may[name];
      waits(element, Boolean(busy));
    }
    // a button that goes leaves the focus with its neighbours, so that none is pressed by mistake
    if (pressed?.hidden) (Object.values(may).some(Boolean) ? root : root.closest("main")).focus({ preventScroll: true });
  };
  return {
    root,
    problems,
    show: (told, state) => {
      job = { ...told, state };
      draw();
    },
  };
}

const button = (word, style, onclick) => h("button", { type: "button", class: style, onclick: (event) => waits(event.currentTarget) || onclick(), hidden: true }, word);

const reasonField = () =>
  field("Reason", h("input", { maxlength: "500", autocomplete: "off" }), { hint: "Optional. It is kept in the job's trail." });

/** The dialog for the rate and, before anything has begun, for the start. */
async function change(job, app, act, path) {
  const most = app.service.messagesPerSecond ?? 1000;
  const rate = field("Messages a second", h("input", { type: "number", min: "1", max: String(most), step: "1", value: job.messagesPerSecond ?? "" }), {
    hint: `Empty: as fast as the service and the number allow. ${app.service.messagesPerSecond ? `At most ${most}.` : ""}`,
  });
  const may = allowed(job, job.state);
  const start = field("Starts at", h("input", { type: "datetime-local", value: startOf(job), step: "60" }), {
    hint: "On your clock. Empty: it is held until somebody resumes it.",
  });
  const reason = reasonField();
  const content = [rate.root, may.start ? start.root : null, reason.root].filter(Boolean);
  if (!(await ask({ title: "Change the job", text: null, confirm: "Change", content }))) return;
  const why = reason.control.value.trim() ? { reason: reason.control.value.trim() } : {};
  const wanted = rate.control.value === "" ? null : Number(rate.control.value);
  if (wanted !== (job.messagesPerSecond ?? null)) await act("Changing…", () => patch(path(), { messagesPerSecond: wanted, ...why }));
  if (!may.start || start.control.value === startOf(job)) return;
  const at = startFrom(start.control.value);
  await act("Changing…", () => (at ? put(path("/schedule"), { scheduledAt: at, ...why }) : del(path("/schedule"), why)));
}
