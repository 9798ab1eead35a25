import type { AgentSummary } from "@slipway/contracts/api/agents.ts";
import { useState } from "react";
import { SelectField, TextArea, type OptionGroup } from "#ui/field.tsx";
import { isAgent } from "./model-choice.ts";
import styles from "./settings.module.css";

interface SettingsProps {
  readonly groups: readonly OptionGroup[];
  readonly model: string;
  readonly onModel: (model: string) => void;
  readonly systemPrompt: string;
  readonly onSystemPrompt: (text: string) => void;
  /** The chosen agent; undefined when a plain model is chosen or nothing is known about it. */
  readonly agent: AgentSummary | undefined;
}

/** Which model answers, and how it is told to. */
export function Settings({ groups, model, onModel, systemPrompt, onSystemPrompt, agent }: SettingsProps) {
  // Beside the conversation there is room for it; above it, on a narrow screen, it starts closed.
  const [startsOpen] = useState(() => window.matchMedia("(width >= 64rem)").matches);
  return (
    <section className={styles.settings} aria-label="Settings">
      <SelectField label="Model" groups={groups} value={model} onChange={(event) => onModel(event.target.value)} />
      {isAgent(model) ? (
        <AgentFacts agent={agent} />
      ) : (
        <details className={styles.details} open={startsOpen}>
          <summary>System prompt</summary>
          <TextArea
            label="System prompt"
            labelHidden
            hint="Optional. Sent ahead of every message."
            rows={6}
            value={systemPrompt}
            onChange={(event) => onSystemPrompt(event.target.value)}
          />
        </details>
      )}
    </section>
  );
}

function AgentFacts({ agent }: { readonly agent: AgentSummary | undefined }) {
  return (
    <div className={styles.agent}>
      {agent === undefined ? null : <p>{agent.description}</p>}
      {agent === undefined || agent.tools.length === 0 ? null : (
        <ul className={styles.tools} aria-label="Tools">
          {agent.tools.map((tool) => (
            <li key={tool.name} title={tool.description}>
              {tool.name}
            </li>
          ))}
        </ul>
      )}
      <p className={styles.faint}>An agent brings its own instructions.</p>
    </div>
  );
}
