import type { Model } from "#api/models.ts";

/** What an agent's model id begins with. */
const AGENT_PREFIX = "agent/";

/** True for a model id that names an agent. */
export function isAgent(model: string): boolean {
  return model.startsWith(AGENT_PREFIX);
}

/** Models under one heading. */
export interface ModelGroup {
  readonly label: string;
  readonly options: readonly string[];
}

/**
 * The models by who offers them: agents first, then each owner in the server's order. A `chosen` one that the server does not list gets a
 * group of its own, so that the page says what the address asked for.
 */
export function groupModels(models: readonly Model[], chosen: string): ModelGroup[] {
  const groups = new Map<string, string[]>([["Agents", []]]);
  for (const { id, owned_by } of models) {
    const label = isAgent(id) ? "Agents" : (owned_by ?? "Models");
    const group = groups.get(label);
    if (group === undefined) groups.set(label, [id]);
    else group.push(id);
  }
  if (chosen !== "" && !models.some((model) => model.id === chosen)) groups.set("Not offered by this server", [chosen]);
  return [...groups].filter(([, options]) => options.length > 0).map(([label, options]) => ({ label, options }));
}

/** What is chosen before anybody has chosen: the first agent, which always chats; among plain models the first may be of another kind. */
export function defaultModel(models: readonly Model[]): string {
  return (models.find((model) => isAgent(model.id)) ?? models[0])?.id ?? "";
}
