// Says beside a form of the repair pages what a run would make of the rows, while the form is filled in.
"use strict";
(() => {
  const PAUSE_MS = 400;
  const WAIT_MS = 1000;
  const token = document.querySelector('meta[name="csrf-token"]')?.content ?? "";

  const ask = async (form, signal) => {
    const answer = await fetch(form.dataset.try, {
      method: "POST",
      headers: { Accept: "application/json", "X-CSRF-Token": token },
      body: new URLSearchParams(new FormData(form)),
      signal,
    });
    if (!answer.ok) return null;
    return answer.json();
  };
  const show = (form, found) => {
    form.querySelector("output:not([data-row])").textContent = found ? found.told : "";
    for (const place of form.querySelectorAll("output[data-row]")) {
      const row = found?.of_rows[place.dataset.row];
      if (!row) place.textContent = "";
      else place.textContent = row.settled ? "As edited, it would be accepted." : `As edited: ${row.left[0].meaning}`;
    }
  };
  for (const form of document.querySelectorAll("form[data-try]")) {
    let timer = 0;
    let asking = null;
    form.addEventListener("input", () => {
      clearTimeout(timer);
      asking?.abort();
      timer = setTimeout(async () => {
        asking = new AbortController();
        try {
          show(form, await ask(form, asking.signal));
        } catch {
          // another input came meanwhile, or the service is away: the buttons still work
        }
      }, PAUSE_MS);
    });
    form.querySelector("button[formaction]")?.addEventListener("click", async (event) => {
      event.preventDefault();
      show(form, await ask(form).catch(() => null));
    });
  }

  const waiting = document.querySelector("[data-wait]");
  const look = async () => {
    const answer = await fetch(waiting.dataset.wait).catch(() => null);
    const found = answer?.ok ? await answer.json() : null;
    if (found && ["completed", "failed", "cancelled"].includes(found.job_state)) location.reload();
    else setTimeout(look, WAIT_MS);
  };
  if (waiting) setTimeout(look, WAIT_MS);
})();
