// The shell: who is here, which view is shown, and the way between them. It starts itself.

import { get, signedIn, whenSignedOut } from "./api.js";
import { forget, storagesOf } from "./compose-draft.js";
import { fill, h, refill } from "./dom.js";
import { every } from "./live.js";
import { empty, loading, refusal } from "./parts.js";
import { matched } from "./router.js";
import { showSignIn, signOut } from "./signin.js";
import { VIEWS } from "./views.js";

/**
 * What every view gets: `service` (the answer of /api/service), `may(scope)`, `go(hash)`,
 * `announce(text)` for screen readers, `reload()` shows the same view anew.
 * @typedef {{service: any, may: function(string): boolean, go: function(string): void,
 *   announce: function(string): void, reload: function(): void}} App
 */

const main = document.getElementById("main");
const bar = document.getElementById("bar");
const said = document.getElementById("said");

let leave = () => {};
let shown = 0;
let standstill = null;
let isSigningIn = false;

/** @type {App} */
const app = {
  service: null,
  may: (scope) => app.service.holder.scopes.includes(scope) || app.service.holder.scopes.includes("admin"),
  go: (hash) => (location.hash === hash ? arrived() : (location.hash = hash)),
  announce: (text) => (said.textContent = text),
  reload: () => arrived(),
};

async function begin() {
  const answer = await get("/api/service", { keepsSession: true });
  if (answer.status === 401) return signIn();
  if (!answer.ok) return refill(main, h("div.page", null, refusal(answer, begin)));
  app.service = answer.data;
  drawBar();
  if (!location.hash && home() !== "#/") history.replaceState(history.state, "", home());
  return show();
}

/** Whoever is next at this browser finds no message and no list of who was here. */
async function leaveForGood() {
  away();
  const answer = await signOut();
  if (answer.ok) forget(storagesOf(window));
  location.reload();
}

/** Several requests may be refused at once: the form stays, with what was typed into it. */
function signIn() {
  if (isSigningIn) return;
  isSigningIn = true;
  away();
  refill(bar, brand());
  document.title = "Sign in – Loopcast";
  showSignIn(main, () => {
    isSigningIn = false;
    signedIn();
    return begin().then(focusMain);
  });
}

async function show() {
  if (!app.service) return;
  away();
  const turn = ++shown;
  const { view, params } = matched(VIEWS, location.hash);
  mark(view.menu);
  document.title = `${view.module.title} – Loopcast`;
  const place = h("div.page");
  refill(main, place);
  if (!isOpen(view)) return void fill(place, shut(view));
  fill(place, loading());
  window.scrollTo(0, 0);
  place.replaceChildren();
  const cleanUp = await view.module.show(place, params, app);
  if (turn !== shown) return cleanUp?.();
  leave = cleanUp ?? (() => {});
  return undefined;
}

const isOpen = (view) => !view.needs || app.may(view.needs);

/** In place of a view whose every question would be refused. */
function shut(view) {
  const { name, scopes } = app.service.holder;
  const text = `The key of ${name} may ${scopes.join(" and ") || "nothing"}; this needs ${view.needs}. Sign in with another key, or have one made.`;
  return [h("h1", null, view.module.title), empty("Not with this key", text)];
}

function away() {
  shown += 1;
  leave();
  leave = () => {};
  for (const dialog of document.querySelectorAll("dialog[open]:not([data-stays])")) dialog.close();
}

const menuOf = () => VIEWS.filter((view) => view.menu && !view.isInner && isOpen(view));

/** The first view that the key may see. */
const home = () => (app.service && menuOf()[0]?.hash) || "#/";

const brand = () => h("a.brand", { href: home() }, h("span.brand-mark", { "aria-hidden": "true" }), "Loopcast");

function drawBar() {
  const menu = menuOf().map((view) => h("a", { href: view.hash, "data-menu": view.menu }, view.menu));
  const { holder } = app.service;
  const out = h("button.quiet", { type: "button", onclick: leaveForGood }, "Sign out");
  const who = holder.asksForKeys ? h("div.who", null, h("span", null, holder.name), out) : null;
  const stand = h("div.standstill", { id: "standstill" });
  refill(bar, brand(), h("nav", { "aria-label": "Main" }, menu), who);
  bar.after(document.getElementById("standstill") ?? stand);
  standstill?.stop();
  standstill = every(5000, drawStandstill);
}

/** The red button is told on every page while it is on. */
async function drawStandstill() {
  const place = document.getElementById("standstill");
  const answer = app.may("read") ? await get("/api/pause", { keepsSession: true }) : { ok: false };
  if (!place || !answer.ok) return;
  const text = answer.data.everythingIsPaused ? "Everything is paused: nothing leaves until it is released." : "";
  if (place.textContent.startsWith(text) && Boolean(text) === Boolean(place.textContent)) return;
  refill(place, text && h("p.notice.warn", { role: "status" }, text, " ", h("a", { href: "#/numbers" }, "Numbers")));
}

function mark(menu) {
  for (const link of bar.querySelectorAll("[data-menu]")) {
    if (link.dataset.menu !== menu) link.removeAttribute("aria-current");
    else {
      link.setAttribute("aria-current", "page");
      link.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  }
}

/** What had the focus is gone with the view before: reading goes on at the top of the new one. */
function arrived() {
  if (!app.service) return;
  show();
  focusMain();
}

const focusMain = () => main.focus({ preventScroll: true });

/** The hash belongs to the views: the link that skips the bar goes without it. */
function skipped(event) {
  event.preventDefault();
  main.focus();
}

whenSignedOut(signIn);
document.querySelector(".skip").addEventListener("click", skipped);
window.addEventListener("hashchange", arrived);
begin();
