// 应查必查：Node 业务系统示例，只用 Node 自带的功能（18 及以上）。 A host on Node, with nothing but Node 18 or newer.
//
//   CREDIT_CHECK_URL=http://127.0.0.1:8802 CREDIT_CHECK_KEY=cck_… node must-check.mjs CASE.json jwks.json
//
// jwks.json is kept beforehand: credit-check keys jwks > jwks.json. 公钥事先取得并保存，验证回执时无需联网。
import { createHash, createPublicKey, verify } from "node:crypto";
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

/** Says that the gate refuses, or that a call was not answered; `code` is the stable code. */
export class CreditCheckError extends Error {
  constructor(problem) {
    super(problem.detail);
    this.code = problem.code;
    this.status = problem.status;
    this.about = problem.about;
  }
}

/** Calls the service. Whatever throws here leaves the host without a decision: do not go on. 抛出异常即不得放行。 */
export class CreditCheck {
  constructor(url, key) {
    this.url = url;
    this.key = key;
  }

  async #call(path, body, headers = {}) {
    const answer = await fetch(this.url + path, {
      method: body === undefined ? "GET" : "POST",
      headers: { authorization: `Bearer ${this.key}`, "content-type": "application/json", ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(60_000),
    });
    const said = await answer.json();
    if (!answer.ok) throw new CreditCheckError(said);
    return said;
  }

  /** Check a case; *once* names this attempt, so that a call that is sent again is made once. */
  check(file, once) {
    return this.#call("/v1/check", file, once ? { "idempotency-key": once } : {});
  }

  /** Take the officer's answers: [{proposal, answer: "applied" | "set_aside" | "verifying", reason?}]. */
  settle(decision, operator, responses) {
    return this.#call("/v1/settle", { case_id: decision.case_id, point: decision.point, operator, responses });
  }

  /** Let the case pass to the step *to* ("proceed", "grant", "refuse"), or throw with the gate's code. */
  require(file, to = "proceed") {
    return this.#call("/v1/require", { case: file, to });
  }
}

const read = (part) => JSON.parse(Buffer.from(part, "base64url").toString("utf8"));

/** Verify a receipt offline (JWS, RFC 7515; EdDSA, RFC 8037) and give its claims; throws where it does not hold. */
export function verifyReceipt(receipt, jwks, expected, now = Date.now() / 1000) {
  const parts = receipt.split(".");
  if (parts.length !== 3) throw new Error("receipt: not a compact JWS");
  const header = read(parts[0]);
  const key = jwks.keys.find((one) => one.kid === header.kid); // a revoked key is not among them
  if (header.alg !== "EdDSA" || header.crit !== undefined || key === undefined) throw new Error("receipt: unknown key");
  const signed = Buffer.from(`${parts[0]}.${parts[1]}`);
  const holds = verify(null, signed, createPublicKey({ key, format: "jwk" }), Buffer.from(parts[2], "base64url"));
  if (!holds) throw new Error("receipt: the signature does not hold");
  const claims = read(parts[1]);
  if (!(claims.iat - 5 <= now && now <= claims.exp)) throw new Error("receipt: not valid now");
  for (const [name, value] of Object.entries(expected)) {
    if (claims[name] !== value) throw new Error(`receipt: ${name} is another`);
  }
  return claims;
}

async function main([casePath, jwksPath]) {
  const file = JSON.parse(await readFile(casePath, "utf8"));
  const credit = new CreditCheck(process.env.CREDIT_CHECK_URL, process.env.CREDIT_CHECK_KEY);

  // The same file at the same stage of its own work is one attempt, however often the network makes us send it.
  const once = createHash("sha256").update(JSON.stringify(file)).digest("hex");
  const decision = await credit.check(file, once);

  // Here an officer looks at each proposal; this example applies them all. 此处应由经办人逐项答复。
  const responses = decision.proposals.map((each) => ({ proposal: each.id, answer: "applied" }));
  const settled = responses.length ? await credit.settle(decision, file.operator, responses) : null;

  const passed = await credit.require(file);
  const refused = await credit.require(file, "grant").then(() => null, (error) => error.code);

  const expected = { iss: "credit-check", case: file.id, point: file.point, environment: decision.environment };
  const claims = verifyReceipt(decision.receipt, JSON.parse(await readFile(jwksPath, "utf8")), expected);
  console.log(JSON.stringify({ outcome: decision.outcome, settled, passed, refused, claims }));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main(process.argv.slice(2));
