// The views, in one table: their addresses, their place in the menu, what a key must have for them.

import * as compose from "./view-compose.js";
import * as job from "./view-job.js";
import * as jobs from "./view-jobs.js";
import * as keys from "./view-keys.js";
import * as numbers from "./view-numbers.js";
import * as optOuts from "./view-opt-outs.js";
import * as recipient from "./view-recipient.js";

export const VIEWS = [
  { hash: "#/", menu: "Jobs", needs: "read", module: jobs },
  { hash: "#/new", menu: "Compose", needs: "send", module: compose },
  { hash: "#/jobs", menu: "Jobs", isInner: true, needs: "read", module: jobs },
  { hash: "#/jobs/:id", menu: "Jobs", isInner: true, needs: "read", module: job },
  { hash: "#/jobs/:id/recipients", menu: "Jobs", isInner: true, needs: "read", module: job },
  { hash: "#/recipients/:number", menu: "Jobs", isInner: true, needs: "read", module: recipient },
  { hash: "#/numbers", menu: "Numbers", needs: "read", module: numbers },
  { hash: "#/opt-outs", menu: "Opt-outs", needs: "read", module: optOuts },
  { hash: "#/keys", menu: "Keys", needs: "admin", module: keys },
];
