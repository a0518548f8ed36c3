// Signing in: a key is exchanged for a cookie that no script can read, and is forgotten here.

import { call } from "./api.js";
import { h } from "./dom.js";
import { busy, field } from "./parts.js";

/** Show the form in `main`; `then` is called once the key was taken. */
export function showSignIn(main, then) {
  const key = field("Key", h("input", { type: "password", autocomplete: "current-password", required: true, spellcheck: "false" }), {
    hint: "One of those that whoever runs Loopcast gave you. It is kept nowhere in this browser.",
  });
  const button = h("button.primary", { type: "submit" }, "Sign in");
  const submit = async (event) => {
    event.preventDefault();
    if (busy(button)) return undefined;
    busy(button, true);
    const answer = await call("POST", "/api/session", { key: key.control.value }, { keepsSession: true });
    busy(button, false);
    if (answer.ok) return then();
    key.fail(answer.status === 401 ? "No such key, or it is no longer valid." : answer.message);
    key.control.focus();
    key.control.select();
    return undefined;
  };
  main.replaceChildren(
    h("form.card.narrow", { onsubmit: submit }, h("h1", null, "Sign in"), key.root, h("p.actions", null, button)),
  );
  key.control.focus();
}

/** Forget the session. */
export const signOut = () => call("DELETE", "/api/session", undefined, { keepsSession: true });
