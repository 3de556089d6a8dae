// A job's page follows its job: by its events, and by asking now and then where these do not come.
"use strict";
(() => {
  const part = document.getElementById("progress");
  const said = document.getElementById("said");
  if (part === null) return;
  const ENDS = ["completed", "failed", "cancelled"];
  const ASK_MS = 2000;
  let told = "";
  let isAsking = false;
  let isAgain = false;
  let asking = 0;

  const stage = () => part.querySelector("[data-state]")?.dataset.state + (part.querySelector("label")?.textContent.split(",")[0] ?? "");
  const show = (text) => {
    const made = new DOMParser().parseFromString(text, "text/html").querySelector(".progress");
    if (made === null) return;
    part.replaceChildren(document.adoptNode(made));
    if (stage() !== told) {
      told = stage();
      said.textContent = part.querySelector(".said")?.textContent ?? "";
    }
    if ("over" in made.dataset) location.reload(); // what it came to is on the whole page
  };
  const ask = async () => {
    if (isAsking) {
      isAgain = true;
      return;
    }
    isAsking = true;
    try {
      const answer = await fetch(part.dataset.part, { headers: { Accept: "text/html" } });
      if (answer.ok && !answer.redirected) show(await answer.text());
      else if (answer.redirected) location.reload(); // the session is over: to the sign-in, and back
    } catch {
      // the service is away: it is asked again
    }
    isAsking = false;
    if (isAgain) {
      isAgain = false;
      await ask();
    }
  };
  const poll = () => {
    if (asking === 0) asking = setInterval(ask, ASK_MS);
  };
  const follow = () => {
    const events = new EventSource(part.dataset.events);
    events.addEventListener("open", () => {
      clearInterval(asking);
      asking = 0;
    });
    events.addEventListener("progress", ask);
    for (const end of ENDS) {
      events.addEventListener(end, () => {
        events.close();
        ask();
      });
    }
    events.addEventListener("error", () => {
      poll(); // until it is open again; one that was refused does not come back by itself
    });
  };
  told = stage();
  follow();
})();
