"use strict";
// The page is complete without this script. It adds: search and filters, sorting, keyboard, deep links into closed parts.
(() => {
  const root = document.documentElement;
  const form = document.getElementById("filters");
  const search = document.getElementById("q");
  const shown = document.getElementById("shown");
  const cards = [...document.querySelectorAll(".card")];
  const tools = [...document.querySelectorAll("tbody.tool")];
  const rows = [...document.querySelectorAll("tr.filterable")];
  const texts = new Map();
  root.classList.add("js");
  for (const part of document.querySelectorAll(".js-only")) part.hidden = false;

  // --- filters --------------------------------------------------------------------------------------------------
  const textOf = (element) => {
    if (!texts.has(element)) texts.set(element, element.textContent.toLowerCase());
    return texts.get(element);
  };
  const wanted = () => {
    const state = {};
    for (const [name, value] of new FormData(form)) if (value) state[name] = value;
    return state;
  };
  const has = (element, name, value) => {
    const held = element.dataset[name];
    if (held === undefined) return true;
    const plain = name === "code" ? value.split(" ")[0] : value;
    return held.split("\n").some((one) => one.trim() === plain);
  };
  const matches = (element, state, words) => {
    for (const name in state) if (name !== "q" && !has(element, name, state[name])) return false;
    return words.every((word) => textOf(element).includes(word));
  };
  const apply = () => {
    const state = wanted();
    const words = (state.q || "").toLowerCase().split(/\s+/).filter(Boolean);
    const show = (list) => list.filter((element) => !(element.hidden = !matches(element, state, words))).length;
    const counts = [show(cards), show(tools)];
    show(rows);
    for (const note of document.querySelectorAll(".js-empty")) {
      const list = note.parentElement.id === "tools" ? tools : cards.filter((card) => note.parentElement.contains(card));
      note.hidden = list.length === 0 || list.some((element) => !element.hidden);
    }
    for (const select of form.querySelectorAll("select")) select.classList.toggle("on", select.value !== "");
    const active = Object.keys(state).length > 0;
    shown.textContent = active ? `${counts[0]} of ${cards.length} findings, ${counts[1]} of ${tools.length} tools` : "";
    return state;
  };
  const remember = () => {
    const query = new URLSearchParams(apply()).toString();
    history.replaceState(null, "", query ? `#?${query}` : location.pathname + location.search);
  };
  let timer = 0;
  search.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(remember, 80); });
  // The search field's own change event comes when it loses the focus, which following a link makes it do.
  form.addEventListener("change", (event) => { if (event.target !== search) remember(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(remember));

  // --- deep links -----------------------------------------------------------------------------------------------
  const reveal = (element) => {
    for (let at = element; at; at = at.parentElement) {
      if (at.tagName === "DETAILS") at.open = true;
      if (at.hidden && at.matches(".card, .tool")) {
        for (const field of form.elements) if (field.name) field.value = "";
        apply();
      }
    }
    const inside = element.querySelector(":scope > details, :scope > .why details");
    if (inside) inside.open = true;
    if (element.tagName === "DETAILS") element.open = true;
  };
  const follow = () => {
    const hash = location.hash.slice(1);
    if (hash.startsWith("?")) {
      const asked = new URLSearchParams(hash.slice(1));
      for (const field of form.elements) if (field.name) field.value = asked.get(field.name) || "";
      apply();
      return;
    }
    const target = hash && document.getElementById(decodeURIComponent(hash));
    if (target) {
      reveal(target);
      target.scrollIntoView({ block: target.tagName === "TR" ? "center" : "start" });
    }
  };
  addEventListener("hashchange", follow);

  // --- sorting --------------------------------------------------------------------------------------------------
  const table = document.getElementById("tool-table");
  const order = ["no", "unknown", "yes"];
  const keyOf = (tool, name) => {
    const value = tool.dataset[name] || "";
    if (name === "clashes") return Number(value);
    return order.includes(value) ? order.indexOf(value) : value.toLowerCase();
  };
  for (const head of table ? table.querySelectorAll("th[data-sort]") : []) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const first = head.dataset.sort === "clashes" ? "descending" : "ascending";
      const other = first === "ascending" ? "descending" : "ascending";
      const next = head.getAttribute("aria-sort") === first ? other : first;
      for (const one of table.querySelectorAll("th[aria-sort]")) one.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", next);
      const sign = next === "ascending" ? 1 : -1;
      const name = head.dataset.sort;
      const sorted = tools.map((tool, index) => [keyOf(tool, name), index, tool]);
      sorted.sort((a, b) => (a[0] < b[0] ? -sign : a[0] > b[0] ? sign : a[1] - b[1]));
      table.append(...sorted.map((entry) => entry[2]));
    });
  }

  // --- buttons --------------------------------------------------------------------------------------------------
  const unfold = document.getElementById("unfold");
  const foldAll = () => {
    const open = unfold.dataset.open !== "yes";
    for (const card of cards) if (!card.hidden) card.querySelector("details").open = open;
    unfold.dataset.open = open ? "yes" : "";
    unfold.textContent = open ? "Collapse all" : "Expand all";
  };
  unfold.addEventListener("click", foldAll);
  const remembered = (key, value) => {
    try {
      if (value !== undefined) localStorage.setItem(key, value);
      return localStorage.getItem(key);
    } catch { return null; }
  };
  const theme = remembered("toolaudit-theme");
  if (theme === "dark" || theme === "light") root.dataset.theme = theme;
  document.getElementById("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    remembered("toolaudit-theme", root.dataset.theme);
  });
  const help = document.getElementById("help");
  document.getElementById("keys").addEventListener("click", () => help.showModal());
  if (navigator.clipboard) {
    for (const code of document.querySelectorAll("code.copy")) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "copier";
      button.textContent = "copy";
      button.addEventListener("click", async () => {
        try { await navigator.clipboard.writeText(code.textContent); button.textContent = "copied"; }
        catch { getSelection().selectAllChildren(code); }
      });
      code.after(button);
    }
  }

  // --- keyboard -------------------------------------------------------------------------------------------------
  let at = -1;
  const move = (step) => {
    const visible = cards.filter((card) => !card.hidden);
    if (!visible.length) return;
    at = Math.min(Math.max(visible.indexOf(cards[at]) + step, 0), visible.length - 1);
    for (const card of cards) card.classList.remove("at");
    const card = visible[at];
    at = cards.indexOf(card);
    card.classList.add("at");
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block: "start" });
  };
  const go = (id) => { const section = document.getElementById(id); if (section) section.scrollIntoView(); };
  const keys = {
    "/": () => search.focus(),
    j: () => move(1),
    k: () => move(-1),
    o: () => { if (at >= 0) { const details = cards[at].querySelector("details"); details.open = !details.open; } },
    e: foldAll,
    x: () => { form.reset(); },
    f: () => go("findings"),
    p: () => go("proofs"),
    m: () => go("matrix"),
    g: () => go("graph"),
    t: () => go("tools"),
    "?": () => help.showModal(),
  };
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.activeElement === search) { search.blur(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName || "")) return;
    if (!document.getElementById("shortcuts").checked) return;
    const act = Object.hasOwn(keys, event.key) && keys[event.key];
    if (act) { event.preventDefault(); act(); }
  });

  // A cell's label is said once in the page and shown when the pointer is over it.
  document.getElementById("matrix")?.addEventListener("mouseover", (event) => {
    const cell = event.target.closest("a.cell");
    if (cell && !cell.title) cell.title = cell.getAttribute("aria-label");
  });

  // --- where the reader is, and printing ------------------------------------------------------------------------
  const links = new Map([...document.querySelectorAll(".bar nav a")].map((link) => [link.hash.slice(1), link]));
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) links.get(entry.target.id)?.classList.toggle("here", entry.isIntersecting);
  }, { rootMargin: "-30% 0px -65% 0px" });
  for (const id of links.keys()) { const section = document.getElementById(id); if (section) seen.observe(section); }
  addEventListener("beforeprint", () => { for (const part of document.querySelectorAll("details:not(.rulehelp)")) part.open = true; });
  follow();
})();
