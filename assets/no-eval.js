// htmx 4 has no setting that turns eval off; this takes the constructors that would run text away from it.
"use strict";
function Refused() {
  throw new Error("text of a page is never run as code: no hx-on, no js:, no filter of a trigger");
}

globalThis.htmx.registerExtension("no-eval", { init: (api) => api.initSecurity(null, Refused, Refused) });
