import type { Thrown } from "../driver.ts";

function numberIn(error: object, field: string): number | undefined {
  const value: unknown = Reflect.get(error, field);
  return typeof value === "number" ? value : undefined;
}

/** What the call throws; an error when it does not. `status` is what the clients call it, `statusCode` what `ai` does. */
export async function thrownBy(call: () => PromiseLike<unknown>): Promise<Thrown> {
  try {
    await call();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return {
      status: numberIn(error, "status") ?? numberIn(error, "statusCode"),
      message: error.message,
      name: error.constructor.name,
    };
  }
  throw new Error("the client threw nothing");
}
