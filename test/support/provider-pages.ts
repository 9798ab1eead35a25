const MOST_STEPS = 30;

/** Cookies of one browser, by name: the issuer's stand on paths of their own, of which the newest is the one that counts. */
function takeCookies(jar: Map<string, string>, answer: Response): void {
  for (const set of answer.headers.getSetCookie()) {
    const [pair = ""] = set.split(";", 1);
    const at = pair.indexOf("=");
    jar.set(pair.slice(0, at), pair.slice(at + 1));
  }
}

/**
 * Signs in by the pages of `oidc-provider`'s development interactions, without a browser: the forms for login and consent are sent as they
 * stand. Answers where our server leads after its callback.
 */
export async function signInByForms(begin: string, home: string, login: string): Promise<string> {
  const jar = new Map<string, string>();
  let url = begin;
  let form: URLSearchParams | undefined;
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const post = form === undefined ? {} : { method: "POST", body: form };
    const answer = await fetch(url, { redirect: "manual", headers: { cookie }, ...post });
    takeCookies(jar, answer);
    form = undefined;
    const location = answer.headers.get("location");
    if (location !== null) {
      const arrived = url.startsWith(`${home}/api/v1/session/callback`);
      if (arrived) return location;
      url = new URL(location, url).href;
      continue;
    }
    const page = await answer.text();
    const [, action] = /<form[^>]* action="([^"]+)"/.exec(page) ?? [];
    const [, prompt] = /name="prompt" value="(\w+)"/.exec(page) ?? [];
    if (action === undefined || prompt === undefined) throw new Error(`the issuer asks for nothing at ${url}: ${page}`);
    url = new URL(action, url).href;
    form = new URLSearchParams({ prompt, ...(prompt === "login" ? { login, password: "whatever" } : {}) });
  }
  throw new Error(`signing in did not end after ${MOST_STEPS} steps`);
}
