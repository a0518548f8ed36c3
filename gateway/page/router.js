// Which view an address asks for. Pure.

/**
 * The first view whose pattern fits: "#/jobs/:id/people" gives `{id}`. Unknown ones get the first
 * view of all. What follows a "?" comes as `params.query`.
 * @param {Array<{hash: string}>} views @param {string} hash
 * @returns {{view: any, params: Record<string, any>}}
 */
export function matched(views, hash) {
  const [path, query = ""] = (hash || "#/").split("?");
  for (const view of views) {
    const params = fitting(view.hash, path);
    if (params) return { view, params: { ...params, query: new URLSearchParams(query) } };
  }
  return { view: views[0], params: { query: new URLSearchParams(query) } };
}

function fitting(pattern, path) {
  const wanted = pattern.split("/");
  const given = path.replace(/\/+$/, "").split("/");
  const ends = pattern === "#/" ? ["#"] : wanted;
  if (ends.length !== given.length) return null;
  const params = {};
  for (const [place, part] of ends.entries()) {
    if (part.startsWith(":")) params[part.slice(1)] = decoded(given[place]);
    else if (part !== given[place]) return null;
  }
  return params;
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
