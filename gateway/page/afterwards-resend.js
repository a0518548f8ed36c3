// Send again to the missed: choose whom, hear who is left out, go to the new job.

import { newKey, post } from "./api.js";
import { bodyOf, choicesOf, counted, mayResend } from "./afterwards-sums.js";
import { leftOutSaid } from "./afterwards-words.js";
import { h, refill, say } from "./dom.js";
import { ask, busy, field, notice, refusal } from "./parts.js";
import { count, figure, time } from "./words.js";

/**
 * @param {any} job @param {import("./app.js").App} app
 * @returns {{root: HTMLElement, update: function(any): void}}
 */
export function resending(job, app) {
  const made = new Resending(job, app);
  return { root: made.root, update: (told) => made.update(told) };
}

class Resending {
  constructor(job, app) {
    Object.assign(this, { job, app, chosen: new Set(), key: newKey() });
    this.said = h("div", { "aria-live": "polite" });
    this.button = h("button.primary", { type: "submit" });
    this.list = h("fieldset.after-choices", null);
    this.name = h("input", { maxlength: 256, placeholder: job.campaignName ?? job.template ?? "", autocomplete: "off" });
    const name = field("Name of the new job", this.name, { hint: "Left empty, it is called as this one." });
    const form = h("form", { onsubmit: (event) => this.pressed(event) }, this.list, name.root, this.said, h("p.actions", null, this.button));
    this.root = h("section.card", { "aria-labelledby": "after-again" }, h("h2", { id: "after-again" }, "Send again to the missed"), h("p.muted", null, "A new job, with the same message, to those you choose. Nobody gets it who has got the first."), form);
    this.name.addEventListener("input", () => this.renew());
    this.update(job);
  }

  /** Choices stay as somebody set them when receipts change the counts. */
  update(job) {
    this.job = job;
    this.root.hidden = !this.app.may("send") || !mayResend(job);
    const choices = choicesOf(job);
    const shown = JSON.stringify(choices);
    if (shown === this.shown) return;
    this.shown = shown;
    const known = new Set(this.choices?.map((choice) => choice.key));
    for (const choice of choices) if (choice.isChosen && !known.has(choice.key)) this.chosen.add(choice.key);
    this.choices = choices;
    const focused = this.list.contains(document.activeElement) ? document.activeElement.value : null;
    refill(this.list, h("legend.unseen", null, "Whom"), choices.map((choice) => this.choice(choice)));
    if (focused) [...this.list.querySelectorAll("input")].find((box) => box.value === focused)?.focus();
    this.count();
  }

  choice(choice) {
    const box = h("input", { type: "checkbox", value: choice.key, checked: choice.isPossible && this.chosen.has(choice.key), disabled: !choice.isPossible });
    box.addEventListener("change", () => {
      if (box.checked) this.chosen.add(choice.key);
      else this.chosen.delete(choice.key);
      this.renew();
    });
    const wait = choice.readyAt ? ` Left out before ${time(choice.readyAt)}.` : "";
    const hint = h("span.after-hint", { class: choice.isRisky ? "is-warn" : "" }, `${choice.hint}${choice.hint && !choice.hint.endsWith(".") ? "." : ""}${wait}`);
    return h("label.after-choice", { class: choice.isPossible ? "" : "is-off" }, box, h("span", null, h("span.after-word", null, choice.word), hint), h("span.after-much", null, figure(choice.count)));
  }

  picked() {
    return this.choices.filter((choice) => choice.isPossible && this.chosen.has(choice.key));
  }

  /** Another choice is another submission. */
  renew() {
    this.key = newKey();
    refill(this.said);
    this.count();
  }

  count() {
    const much = counted(this.picked());
    say(this.button, much ? `Send again to ${count(much, "recipient")}` : "Nobody is chosen");
    this.button.disabled = !much;
    busy(this.button, Boolean(this.isBusy));
  }

  async pressed(event) {
    event.preventDefault();
    const picked = this.picked();
    if (!picked.length || this.isBusy || !(await this.confirmed(picked))) return;
    this.busy(true);
    const answer = await post(`/api/bulk/job/${encodeURIComponent(this.job.jobId)}/resend`, bodyOf(picked, this.name.value.trim()), { headers: { "Idempotency-Key": this.key } });
    this.busy(false);
    if (answer.ok) await this.made(answer.data);
    else refill(this.said, this.refused(answer));
  }

  busy(isBusy) {
    this.isBusy = isBusy;
    this.count();
  }

  confirmed(picked) {
    const risky = picked.some((choice) => choice.isRisky);
    const text = `The same message goes to ${count(counted(picked), "recipient")}, less those who have got it meanwhile, or have opted out.`;
    const content = risky ? [notice("warn", null, h("p", null, "Those in doubt may have got it already. They may get it twice."))] : [];
    return ask({ title: "Send it again?", text, confirm: "Send again", content });
  }

  /** Who was left out is read before the new job is shown. */
  async made(data) {
    this.key = newKey();
    const href = `#/jobs/${data.jobId}`;
    this.app.announce(`Sending again to ${count(data.totalRecipients, "recipient")}.`);
    if (!data.leftOut?.length) return this.app.go(href);
    const goes = await ask({ title: `Sending again to ${count(data.totalRecipients, "recipient")}`, text: "These are left out:", confirm: "Show the new job", content: [leftOutList(data.leftOut)] });
    return goes ? this.app.go(href) : this.app.reload();
  }

  refused(answer) {
    const leftOut = answer.details?.leftOut;
    if (!leftOut) return refusal(answer);
    const title = leftOut.length ? "Nobody is left to send to. Nothing was made." : "No message of this job is in that part.";
    return notice("warn", title, leftOutList(leftOut));
  }
}

const leftOutList = (leftOut) => h("ul.after-list", null, leftOut.map((row) => h("li", null, leftOutSaid(row))));
