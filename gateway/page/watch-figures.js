// The figures beside the bar: how far, how fast against the set rate, how long yet, what limits it.

import { h, say } from "./dom.js";
import { isOver } from "./states.js";
import { done } from "./watch-model.js";
import { perSecond } from "./watch-rate.js";
import { left, limit, setRate } from "./watch-words.js";
import { duration, figure, percent, rate as said, time } from "./words.js";

const NAMES = { part: "Done", rate: "Messages a second", left: "Time left", limit: "Limited by", took: "Took", loop: "Loop" };

/** @returns {{root: HTMLElement, draw: function(object, object, object, number): void}} */
export function watchFigures(service) {
  const places = Object.fromEntries(Object.keys(NAMES).map((name) => [name, { value: h("span"), more: h("span.hint") }]));
  const items = Object.entries(places).map(([name, { value, more }]) =>
    h("div", { class: `is-${name}` }, h("dt", null, NAMES[name]), h("dd", null, value, more)),
  );
  const root = h("dl.watch-figures", null, items);
  const put = (name, value, more = "") => {
    say(places[name].value, value);
    say(places[name].more, more);
  };
  const draw = (model, speed, polled, now) => {
    const isSent = isOver(model.state) || model.state === "settling";
    root.classList.toggle("is-over", isSent);
    drawn(put, model, speed, polled, now, service);
    if (isSent) ended(put, model.job);
  };
  return { root, draw };
}

function drawn(put, model, speed, polled, now, service) {
  const { job, state, total } = model;
  const had = done(model);
  const pause = state === "running" ? Math.max(model.pauseUntil - now, 0) / 1000 : 0;
  const ended = had - model.totals.canceled;
  put("part", percent(Math.floor((ended / total) * 1000) / 1000, 1), `${figure(ended)} of ${figure(total)}`);
  put("rate", rateNow(speed, now, had, state), `set: ${setRate(job, service, model.number)}`);
  const rest = timeLeft(job, state, polled, now);
  put("left", rest?.span ?? "–", rest ? `done at about ${rest.at}` : "not known yet");
  put("limit", limit(job, state, pause), "");
  put("loop", `${figure(model.current)} of ${figure(model.loops)}`, pause > 0 ? `next in ${duration(pause)}` : "");
}

/** What is left to say of a job that is over; CSS hides what no longer is. */
function ended(put, { ratePerSecond, startedAt, finishedAt }) {
  put("rate", ratePerSecond === null ? "–" : said(ratePerSecond), "on average");
  const isTimed = startedAt && finishedAt;
  put("took", isTimed ? duration((new Date(finishedAt) - new Date(startedAt)) / 1000) : "–", isTimed ? `until ${time(finishedAt)}` : "");
}

function rateNow(speed, now, had, state) {
  const value = state === "running" ? perSecond(speed, now, had) : 0;
  return value === null ? "–" : said(value);
}

/** What the service reckoned, less what has passed since it was asked. */
function timeLeft(job, state, polled, now) {
  if (job.etaSeconds === null || state === "paused") return null;
  return left(Math.max(job.etaSeconds - (now - polled) / 1000, 0), new Date(now));
}
