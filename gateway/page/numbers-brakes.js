// The red button: for everything and for one number, pulled and released with a plain question.

import { post } from "./api.js";
import { askAndDo } from "./asking.js";
import { h } from "./dom.js";
import { field } from "./parts.js";
import { count } from "./words.js";

const LONGEST_REASON = 300; // as the API takes it

/** Stop everything. Resolves to what stands still now, or to null. */
export function stopEverything() {
  return stop({
    title: "Stop everything?",
    text: "Nothing leaves any more, from any number, whatever jobs there are or come in. What is on its way just now still arrives. Nothing is lost: once released, every job goes on with its next message.",
    confirm: "Stop everything",
    path: "/api/pause",
  });
}

/** Stop one number. */
export function stopNumber(phoneNumberId, name) {
  return stop({
    title: `Stop ${name}?`,
    text: "Nothing leaves from this number any more, whatever jobs it has or gets. Other numbers go on. Nothing is lost: once released, its jobs go on with their next message.",
    confirm: "Stop this number",
    path: `/api/numbers/${phoneNumberId}/pause`,
  });
}

function stop({ title, text, confirm, path }) {
  const reason = field("Reason", h("input", { type: "text", maxlength: LONGEST_REASON, autocomplete: "off", autofocus: true }), {
    hint: "For whoever looks at it next. It may stay empty.",
  });
  const act = () => post(path, { reason: reason.control.value.trim() });
  return askAndDo({ title, text, confirm, isGrave: true, content: reason.root, act, back: "Let it run" });
}

/** Release the brake on everything. */
export function releaseEverything(brake) {
  return release("Release everything?", brake, "/api/resume");
}

/** Release the brake on one number. */
export function releaseNumber(phoneNumberId, name, brake) {
  return release(`Release ${name}?`, brake, `/api/numbers/${phoneNumberId}/resume`);
}

function release(title, brake, path) {
  const jobs = brake?.jobs ? `${count(brake.jobs, "job")} ${brake.jobs === 1 ? "goes" : "go"} on` : "What waits goes on";
  const text = `${jobs} within a second or two, with the first message that was not sent. Jobs that something else has stopped stay paused.`;
  return askAndDo({ title, text, confirm: "Release", act: () => post(path), back: "Leave it stopped" });
}
