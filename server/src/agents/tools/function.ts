import { z, type ToolContext } from "@slipway/contracts/agent.ts";
import type { ToolCallPart } from "@slipway/contracts/model/request.ts";
import type { LoadedTool } from "../registry/loaded-agent.ts";
import { failure, success, type ToolOutcome } from "./outcome.ts";

/** The arguments of a call, read and checked, or what to tell the model that wrote them. */
export type ToolInput =
  | { readonly ok: true; readonly value: unknown; readonly run: (context: ToolContext) => unknown }
  | { readonly ok: false; readonly value: unknown; readonly outcome: ToolOutcome };

function parse(text: string): { readonly value: unknown } | { readonly problem: string } {
  try {
    // Some models send nothing at all for a tool without parameters.
    return { value: text.trim() === "" ? {} : (JSON.parse(text) as unknown) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/** Reads a call's arguments and checks them against the tool's schema. Never rejects. */
export async function readToolInput(call: ToolCallPart, tools: ReadonlyMap<string, LoadedTool>): Promise<ToolInput> {
  const loaded = tools.get(call.name);
  const parsed = parse(call.arguments);
  if (loaded === undefined) {
    const known = tools.size === 0 ? "There are no tools." : `The tools are: ${[...tools.keys()].join(", ")}.`;
    const value = "value" in parsed ? parsed.value : call.arguments;
    return { ok: false, value, outcome: failure(`There is no tool "${call.name}". ${known}`) };
  }
  if ("problem" in parsed) {
    const outcome = failure(`The arguments are not JSON: ${parsed.problem}. Call the tool again with a JSON object.`);
    return { ok: false, value: call.arguments, outcome };
  }
  try {
    const checked = await loaded.tool.input.safeParseAsync(parsed.value);
    if (checked.success) {
      return { ok: true, value: parsed.value, run: (context) => loaded.tool.run(checked.data, context) };
    }
    const outcome = failure(`The arguments do not fit the tool's schema:\n${z.prettifyError(checked.error)}`);
    return { ok: false, value: parsed.value, outcome };
  } catch (error) {
    // A check of the agent's own that throws instead of refusing.
    const said = error instanceof Error ? error.message : String(error);
    return { ok: false, value: parsed.value, outcome: failure(`The arguments could not be checked: ${said}`) };
  }
}

/** How one function is called. */
export interface FunctionCall {
  readonly run: (context: ToolContext) => unknown;
  readonly context: ToolContext;
  readonly timeoutMs: number;
  /** Told what the tool threw, for the log. */
  readonly onThrow: (thrown: unknown) => void;
}

/**
 * Calls a tool's function. Never rejects: what it throws, its running out of time and the end of the run are outcomes. A function that
 * does not listen to its signal goes on behind the scenes, and what it answers then is dropped.
 */
export async function runFunctionTool(call: FunctionCall): Promise<ToolOutcome> {
  const timeout = AbortSignal.timeout(call.timeoutMs);
  const signal = AbortSignal.any([call.context.signal, timeout]);
  const stopped = Promise.withResolvers<ToolOutcome>();
  const stop = () =>
    stopped.resolve(
      failure(
        timeout.aborted
          ? `The tool did not answer within ${call.timeoutMs / 1000} s.`
          : "The run was stopped before the tool had answered.",
      ),
    );
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  const answered = (async () => {
    try {
      return success(await call.run({ ...call.context, signal }));
    } catch (error) {
      call.onThrow(error);
      return failure(`The tool failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  })();
  try {
    return await Promise.race([stopped.promise, answered]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
