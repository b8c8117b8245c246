"use strict";
// Shows the OpenAPI document: every operation with its parameters and shapes, and a form to try it.

/** Makes an element; text goes in as text, never as markup. */
function el(name, attributes = {}, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) e.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) e.setAttribute(key, value === true ? "" : value);
  }
  e.append(...children.filter((c) => c !== undefined && c !== ""));
  return e;
}

const roles = { public: "everybody", "signed-in": "anybody signed in", personal: "signed in with a password" };
let spec;
let token = "";

function resolve(schema) {
  const name = schema?.$ref?.split("/").pop();
  return name ? { ...spec.components.schemas[name], title: name } : (schema ?? {});
}

function typeName(schema) {
  const s = resolve(schema);
  const types = [s.type ?? "any"].flat();
  let text = types.filter((t) => t !== "null").join(" | ");
  if (types.includes("array")) text = `${typeName(s.items)}[]`;
  else if (s.title) text = s.title;
  if (s.format && s.format !== "double" && s.format !== "int64") text += ` (${s.format})`;
  if (s.enum) text += `: ${s.enum.map((v) => JSON.stringify(v)).join(", ")}`;
  return types.includes("null") ? `${text} | null` : text;
}

function limits(s) {
  const words = { minimum: "≥", maximum: "≤", minLength: "length ≥", maxLength: "length ≤", maxItems: "items ≤" };
  const out = Object.entries(words).filter(([k]) => s[k] !== undefined).map(([k, w]) => `${w} ${s[k]}`);
  if (s.default !== undefined) out.push(`default ${JSON.stringify(s.default)}`);
  return out.join(", ");
}

/** Shows a shape as a tree; seen stops shapes that hold themselves. */
function shape(schema, seen = []) {
  const s = resolve(schema);
  if (s.items) return shape(s.items, seen);
  const inner = s.properties ?? (typeof s.additionalProperties === "object" ? { "<name>": s.additionalProperties } : undefined);
  if (!inner || (s.title && seen.includes(s.title))) return "";
  const list = el("ul", { class: "schema" });
  for (const [name, property] of Object.entries(inner)) {
    const p = { ...resolve(property), ...property };
    const about = [p.description, limits(p)].filter(Boolean).join(" — ");
    list.append(el("li", {},
      el("code", {}, name), s.required?.includes(name) || name === "<name>" ? "" : el("span", { class: "dim" }, "?"), " ",
      el("span", { class: "dim" }, typeName(property)), about ? ` ${about}` : "", shape(property, [...seen, s.title])));
  }
  return list;
}

/** Makes an example of a shape. */
function example(schema, seen = []) {
  const s = resolve(schema);
  if (s.examples?.length) return s.examples[0];
  if (s.default !== undefined) return s.default;
  if (s.enum) return s.enum[0];
  const type = [s.type].flat().find((t) => t !== "null");
  if (type === "array") return [];
  if (type === "number" || type === "integer") return s.minimum ?? 0;
  if (type === "boolean") return false;
  if (type !== "object") return "";
  if (seen.includes(s.title)) return {};
  const needed = Object.entries(s.properties ?? {}).filter(([name]) => s.required?.includes(name) || !s.required);
  return Object.fromEntries(needed.map(([name, p]) => [name, example(p, [...seen, s.title])]));
}

function parameterRows(parameters, inputs) {
  return parameters.map((p) => {
    const input = el("input", { "aria-label": p.name, placeholder: p.schema?.examples?.[0] ?? p.schema?.default ?? "", autocomplete: "off" });
    inputs.push([p, input]);
    const about = [p.description ?? p.schema?.description, limits(p.schema ?? {})].filter(Boolean).join(" — ");
    return el("tr", {},
      el("td", {}, el("code", {}, p.name), p.required ? "" : el("span", { class: "dim" }, "?"), el("div", { class: "dim" }, p.in)),
      el("td", {}, el("span", { class: "dim" }, typeName(p.schema)), about ? el("div", {}, about) : ""),
      el("td", {}, input));
  });
}

/** Puts the values of the form into the request. */
function request(method, path, inputs, body) {
  const query = new URLSearchParams();
  const headers = {};
  let url = path;
  for (const [p, input] of inputs) {
    const value = input.value;
    if (p.in === "path") url = url.replace(`{${p.name}}`, encodeURIComponent(value));
    else if (value === "") continue;
    else if (p.in === "header") headers[p.name] = value;
    else for (const one of [p.schema?.type].flat().includes("array") ? value.split(",") : [value]) query.append(p.name, one.trim());
  }
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body) headers["Content-Type"] = "application/json";
  const search = query.toString();
  return [search ? `${url}?${search}` : url, { method: method.toUpperCase(), headers, body: body || undefined }];
}

async function send(method, path, inputs, body, out) {
  const [url, init] = request(method, path, inputs, body);
  const start = performance.now();
  out.replaceChildren(el("p", { class: "dim" }, `${init.method} ${url} …`));
  try {
    const answer = await fetch(url, init);
    const text = await answer.text();
    let pretty = text;
    try { pretty = JSON.stringify(JSON.parse(text), null, 2); } catch { /* not JSON */ }
    const took = Math.round(performance.now() - start);
    out.replaceChildren(
      el("p", { role: "status" }, `${answer.status} ${answer.statusText} · ${text.length} characters · ${took} ms`),
      el("p", { class: "path" }, `${init.method} ${url}`),
      el("pre", { tabindex: "0" }, pretty.length > 200000 ? `${pretty.slice(0, 200000)} …` : pretty || "(empty)"));
  } catch (e) {
    out.replaceChildren(el("p", { role: "status" }, `No answer: ${e.message}`));
  }
}

function tryForm(method, path, operation, inputs) {
  const schema = operation.requestBody?.content?.["application/json"]?.schema;
  const body = schema ? el("textarea", { "aria-label": "Body", spellcheck: "false" }) : undefined;
  if (body) body.value = JSON.stringify(example(schema), null, 2);
  const out = el("div", { "aria-live": "polite" });
  const form = el("form", { onsubmit: (e) => { e.preventDefault(); send(method, path, inputs, body?.value, out); } },
    body ? el("h4", {}, "Body to send") : "", body ?? "", el("p", {}, el("button", {}, "Send")));
  return el("div", {}, form, out);
}

function operationBody(method, path, operation) {
  const inputs = [];
  const rows = parameterRows(operation.parameters ?? [], inputs);
  const box = el("div", {});
  if (operation.description) box.append(el("p", {}, operation.description));
  if (rows.length) box.append(el("h4", {}, "Parameters"), el("table", {}, el("tbody", {}, ...rows)));
  const body = operation.requestBody?.content?.["application/json"]?.schema;
  if (body) box.append(el("h4", {}, `Body: ${typeName(body)}`), shape(body));
  for (const [status, answer] of Object.entries(operation.responses)) {
    const schema = Object.values(answer.content ?? {})[0]?.schema;
    const title = status === "default" ? "Error" : `Answer ${status}`;
    box.append(el("details", { open: status !== "default" }, el("summary", {}, schema ? `${title}: ${typeName(schema)}` : title), shape(schema)));
  }
  box.append(tryForm(method, path, operation, inputs));
  return box;
}

function operationBox(method, path, operation) {
  const who = operation["x-access"];
  const box = el("details", { class: "operation", id: operation.operationId },
    el("summary", {}, el("span", { class: `method ${method}` }, method.toUpperCase()), el("span", { class: "path" }, path),
      el("span", {}, operation.summary ?? ""), el("span", { class: "role", title: "Who may do this" }, roles[who] ?? `may ${who}`)));
  // The inside is made when it is first opened: there are many operations.
  box.addEventListener("toggle", () => { if (box.open && box.children.length === 1) box.append(operationBody(method, path, operation)); });
  return box;
}

function openFromHash() {
  const box = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!box?.classList.contains("operation")) return;
  box.open = true;
  box.scrollIntoView();
}

function render() {
  const main = document.getElementById("main");
  const list = document.getElementById("list");
  main.replaceChildren(el("p", {}, spec.info.description ?? ""));
  const all = Object.entries(spec.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, o]) => [method, path, o]));
  for (const tag of spec.tags ?? []) {
    const section = el("section", {}, el("h2", {}, tag.name), el("p", { class: "dim" }, tag.description ?? ""));
    const links = el("div", {}, el("strong", {}, tag.name));
    for (const [method, path, o] of all.filter(([, , o]) => o.tags?.includes(tag.name))) {
      section.append(operationBox(method, path, o));
      links.append(el("a", { href: `#${o.operationId}`, "data-words": `${method} ${path} ${o.summary}`.toLowerCase() }, o.summary ?? o.operationId));
    }
    main.append(section);
    list.append(links);
  }
  openFromHash();
}

document.getElementById("filter").addEventListener("input", (e) => {
  const word = e.target.value.toLowerCase();
  for (const a of document.querySelectorAll("#list a")) {
    const hide = !a.dataset.words.includes(word);
    a.classList.toggle("hidden", hide);
    document.getElementById(a.hash.slice(1)).classList.toggle("hidden", hide);
  }
});

document.getElementById("token").addEventListener("input", (e) => { token = e.target.value.trim(); });

document.getElementById("sign-in").addEventListener("submit", async (e) => {
  e.preventDefault();
  const value = (id) => document.getElementById(id).value;
  const who = document.getElementById("who");
  try {
    if (value("username")) {
      const answer = await fetch("/api/v1/auth/login", {
        method: "POST", headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ username: value("username"), password: value("password") }),
      });
      const got = await answer.json();
      if (!answer.ok) throw new Error(got.detail);
      token = got.access_token;
      document.getElementById("password").value = "";
    }
    const answer = await fetch("/api/v1/auth/me", { headers: token ? { Authorization: `Bearer ${token}` } : {} });
    const me = await answer.json();
    if (!answer.ok) throw new Error(me.detail);
    who.textContent = `${me.username} (${me.role})`;
  } catch (problem) {
    who.textContent = problem.message;
  }
});

window.addEventListener("hashchange", openFromHash);

fetch("/api/v1/openapi.json").then(async (answer) => {
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
  spec = await answer.json();
  render();
}).catch((e) => {
  document.getElementById("main").replaceChildren(el("p", { role: "alert" }, `The document could not be loaded: ${e.message}`));
});
