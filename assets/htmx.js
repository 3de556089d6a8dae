// htmx and its extension for server-sent events, without the means to run text as code.
import "htmx.org/dist/htmx.esm.js";
import "./no-eval.js";
import "htmx.org/dist/ext/hx-sse.js";
