// Live parts, keeping what is typed, and forms that are sent once. Every page works without it.
"use strict";
(() => {
  const { csrf, tenant, mark } = document.body.dataset;

  // A form is sent once: the key in it makes a second sending do nothing, this makes it not happen.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    setTimeout(() => { delete form.dataset.sent; }, 4000);
  });
  addEventListener("pageshow", () => document.querySelectorAll("form").forEach((form) => { delete form.dataset.sent; }));

  // A page that could not be opened is opened when it can be.
  const reopen = async () => {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
    if (answer && answer.status !== 503) location.reload(); else setTimeout(reopen, 3000);
  };
  if (document.querySelector("[data-again]")) setTimeout(reopen, 3000);

  // What is typed is kept as it is typed.
  const fieldsOf = (form) => Object.fromEntries(
    [...new FormData(form)].filter(([name, value]) => !name.startsWith("_") && typeof value === "string"));
  document.querySelectorAll("form[data-keep]").forEach((form) => {
    const said = form.querySelector("[data-kept]"), others = form.querySelector("[data-others]");
    let waiting = 0, last = JSON.stringify(fieldsOf(form));
    const keep = async () => {
      waiting = 0;
      const fields = JSON.stringify(fieldsOf(form));
      if (fields === last || form.dataset.sent) return;
      try {
        const answer = await fetch(`/t/${tenant}/unsent/${encodeURIComponent(form.dataset.keep)}`, {
          method: "PUT", headers: { "Content-Type": "application/json", "X-Csrf": csrf }, body: fields });
        if (!answer.ok) throw new Error(answer.status);
        last = fields;
        const also = (await answer.json()).others;
        others.hidden = !also.length;
        others.querySelector("span").textContent = also.join("、");
        said.textContent = document.documentElement.lang === "en" ? "Kept" : "已自动保存";
      } catch {
        said.textContent = document.documentElement.lang === "en" ? "Not kept yet" : "尚未保存，将自动重试";
        waiting = setTimeout(keep, 3000);
      }
    };
    form.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(keep, 500); });
  });

  // News of the tenant, of what happened since the page was drawn: the page asks for itself again and takes over its live parts, but none that is being used.
  const parts = () => document.querySelectorAll("[data-live][id]");
  if (!parts().length || !window.EventSource || !tenant) return;
  const gone = document.querySelector("[data-gone]");
  let asking = false, again = false;
  const busy = (part) => part.contains(document.activeElement) && document.activeElement !== part
    && document.activeElement.matches("input, textarea, select")
    || [...part.querySelectorAll("input:not([type=hidden]), textarea")].some((one) => one.value !== one.defaultValue || one.checked !== one.defaultChecked)
    || [...part.querySelectorAll("select")].some((one) => one.selectedIndex !== Math.max(0, [...one.options].findLastIndex((option) => option.defaultSelected)));
  const refresh = async () => {
    if (asking) { again = true; return; }
    asking = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.ok && !answer.redirected) {
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        parts().forEach((part) => {
          const now = fresh.getElementById(part.id);
          if (!now || busy(part)) return;
          const plain = (node) => node.innerHTML.replace(/name="_key" value="[^"]*"/g, "");
          if (plain(now) === plain(part)) return;
          const open = new Set([...part.querySelectorAll("details[open][id]")].map((one) => one.id));
          const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
          part.replaceChildren(...now.childNodes);
          open.forEach((id) => { const one = document.getElementById(id); if (one) one.open = true; });
          if (focused) document.getElementById(focused)?.focus();
          part.dispatchEvent(new CustomEvent("renewed", { bubbles: true }));
        });
      }
    } catch { /* told below, by the connection itself */ }
    asking = false;
    if (again) { again = false; refresh(); }
  };
  const source = new EventSource(`/t/${tenant}/news?mark=${encodeURIComponent(mark)}`);
  source.addEventListener("hello", () => { gone.hidden = true; });
  source.addEventListener("news", refresh);
  source.addEventListener("error", () => { gone.hidden = false; });
  addEventListener("pagehide", () => source.close());
})();
