// The page without this is complete; with it, what is alive renews itself and the rest stays as it is.
"use strict";
const every = Number(document.getElementById("live")?.dataset.every || 0) * 1000;

async function renew() {
  const live = document.getElementById("live");
  if (document.hidden || live.contains(document.activeElement)) return;
  const told = document.getElementById("asof");
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    live.replaceWith(fresh.getElementById("live"));
    told.replaceWith(fresh.getElementById("asof"));
  } catch {
    told.textContent = "Not reached any more";
  }
}

if (every > 0) setInterval(renew, every);
document.addEventListener("visibilitychange", () => every > 0 && renew());
