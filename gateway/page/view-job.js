// One job: its head, and below it its course or its recipients.

import { get } from "./api.js";
import { h, refill } from "./dom.js";
import { empty, linkButton, loading, refusal } from "./parts.js";
import { showPeople } from "./people.js";
import { controls } from "./watch-controls.js";
import { course } from "./watch-course.js";
import { head } from "./watch-head.js";
import { nameOf } from "./watch-words.js";

export const title = "Job";

/** @param {HTMLElement} main @param {Record<string, any>} params @param {import("./app.js").App} app */
export async function show(main, params, app) {
  const place = h("div.watch");
  refill(main, place);
  refill(place, loading());
  const answer = await get(`/api/bulk/job/${encodeURIComponent(params.id)}`);
  if (!place.isConnected) return undefined; // somebody has gone on meanwhile
  if (!answer.ok) return unknown(place, answer, app);
  return isPeople() ? recipients(place, answer.data, app, params) : watched(place, answer.data, app);
}

const isPeople = () => location.hash.split("?")[0].replace(/\/+$/, "").endsWith("/recipients");

function unknown(place, answer, app) {
  if (answer.status !== 404) return void refill(place, h("h1", null, "Job"), refusal(answer, app.reload));
  document.title = "No such job – Loopcast";
  refill(place, h("h1", null, "Job"), empty("There is no such job", "The address may be mistyped or cut off. All jobs are in one list.", linkButton("#/jobs", "Jobs", "primary")));
  return undefined;
}

function recipients(place, job, app, params) {
  const top = head(job, "recipients", null);
  const list = h("div");
  top.show(job.state);
  numberOf(job).then(top.name);
  refill(place, top.root, list);
  document.title = `Recipients of ${nameOf(job)} – Loopcast`;
  return showPeople(list, job, app, params);
}

function watched(place, job, app) {
  const buttons = controls(app, (told) => running.take(told));
  const top = head(job, "course", buttons.root);
  const body = h("div");
  refill(place, top.root, buttons.problems, body);
  const onState = (told, state) => {
    top.show(state);
    buttons.show(told, state);
  };
  const running = course(body, job, { app, onState });
  numberOf(job).then((number) => {
    top.name(number);
    running.number(number);
  });
  return running.stop;
}

async function numberOf(job) {
  const answer = await get(`/api/numbers/${encodeURIComponent(job.phoneNumberId)}`);
  return answer.ok ? answer.data : null;
}
