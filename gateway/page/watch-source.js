// Where a watched job's news come from: its event stream, and now and then the job itself.

import { get } from "./api.js";
import { every, watchJob } from "./live.js";
import { isOver } from "./states.js";

const POLL_MS = 2000;
const CALM_POLLS = 5; // once it is over, only every so many times
const PAGE = 1000;
const SEED_MOST = 50000; // more recipients are not asked for one by one
const SEED_GAP_MS = 150;
const FOLLOW_MS = 23.5 * 3600e3; // the gateway follows receipts for 24 hours after the end
const FULL_DETAIL_MOST = 100000; // recipients; beyond, single messages are not told

/**
 * @param {any} job @param {{onFrame: function(any): void, onJob: function(any, boolean): void,
 *   onMessages: function(any[]): void, onAway: function(boolean): void, upto: function(): number,
 *   state: function(): string}} to
 * @returns {{stop: function(): void, ask: function(): void, seed: function(number, number): Promise<void>}}
 */
export function source(job, to) {
  const path = `/api/bulk/job/${encodeURIComponent(job.jobId)}`;
  const isWhole = job.totalRecipients <= FULL_DETAIL_MOST;
  const stopper = new AbortController();
  let frames = 0;
  let away = { stream: false, answers: false };
  let turn = 0;

  const tellAway = (change) => {
    away = { ...away, ...change };
    to.onAway(away.stream || away.answers);
  };
  const isQuiet = isOver(job.state) && Date.now() - new Date(job.finishedAt) > FOLLOW_MS;
  const stopStream = isQuiet ? () => {} : watchJob(job.jobId, {
    detail: isWhole ? undefined : "loops",
    follow: "receipts",
    onFrame: (frame) => {
      frames += 1;
      to.onFrame(frame);
    },
    onState: (state) => tellAway({ stream: state === "away" }),
  });
  const look = async () => {
    turn += 1;
    if (isOver(to.state()) && turn % CALM_POLLS) return;
    const before = frames;
    const answer = await get(path, { signal: stopper.signal });
    if (stopper.signal.aborted) return;
    tellAway({ answers: answer.status === 0 });
    if (answer.ok) to.onJob(answer.data, frames === before);
  };
  const polls = every(POLL_MS, look);
  const seed = async (after, upto) => {
    let at = isWhole ? after : upto;
    while (at < upto && !stopper.signal.aborted) {
      const query = { after: at, limit: Math.min(PAGE, upto - at) };
      const answer = await get(`${path}/messages`, { query, signal: stopper.signal });
      if (!answer.ok) return;
      to.onMessages(answer.data.messages);
      at = answer.data.pagination.after ?? upto;
      await new Promise((resolve) => setTimeout(resolve, SEED_GAP_MS));
    }
  };
  if (isWhole && job.totalRecipients <= SEED_MOST) seed(0, to.upto());
  return {
    seed,
    ask: () => {
      turn = -1;
      polls.now();
    },
    stop: () => {
      stopper.abort();
      stopStream();
      polls.stop();
    },
  };
}
