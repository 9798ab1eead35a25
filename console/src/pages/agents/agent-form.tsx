import { useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useRouter } from "@tanstack/react-router";
import { useEffect, useRef, useState, type ReactNode, type SubmitEvent } from "react";
import { type ApiError, isSignedOut } from "#api/api-error.ts";
import { modelsQuery } from "#api/models.ts";
import { sessionQuery } from "#api/session.ts";
import { Button, buttonClass } from "#ui/button.tsx";
import { TextArea, TextField } from "#ui/field.tsx";
import { leaveForSignIn } from "../../sign-in-redirect.ts";
import { FailureNotice } from "../failure-notice.tsx";
import { isAgent } from "../playground/model-choice.ts";
import { type AgentDraft, fieldOf, LIMITS } from "./agent-draft.ts";
import styles from "./agent-form.module.css";
import { forgetDraft, keepDraft, keptDraft } from "./kept-draft.ts";

/** The server's own bounds (contracts/src/api/agents.ts). */
const MOST = { name: 64, description: 1_000, instructions: 32_000, model: 256 };

interface AgentFormProps {
  readonly initial: AgentDraft;
  /** The version of the agent that is changed. */
  readonly version: string;
  /** The name is chosen once. */
  readonly named: boolean;
  readonly submit: string;
  readonly saving: boolean;
  readonly error: ApiError | null;
  /** Said where it is saved, in place of an error that is no field's. */
  readonly notice?: ReactNode;
  readonly onSave: (draft: AgentDraft) => void;
}

/** What an agent is made of, in fields; what is wrong stands at its field. */
export function AgentForm({ initial, version, named, submit, saving, error, notice, onSave }: AgentFormProps) {
  const [draft, setDraft] = useDraft(initial, version, error);
  const form = useRef<HTMLFormElement>(null);
  const faulty = fieldOf(error?.param);
  useEffect(() => {
    const wrong = form.current?.elements.namedItem(fieldOf(error?.param) ?? "");
    if (wrong instanceof HTMLElement) wrong.focus();
  }, [error]);
  const field = (name: keyof AgentDraft) => ({
    name,
    value: draft[name],
    onChange: (event: { readonly target: { readonly value: string } }) =>
      setDraft({ ...draft, [name]: event.target.value }),
    error: faulty === name ? error?.message : undefined,
  });
  const save = (event: SubmitEvent): void => {
    event.preventDefault();
    if (!saving) onSave(draft);
  };
  return (
    <form ref={form} className={styles.form} onSubmit={save}>
      {named ? null : (
        <TextField
          {...field("name")}
          label="Name"
          hint="Lower case letters, digits and hyphens. Clients send agent/<name> as their model."
          autoComplete="off"
          spellCheck={false}
          required
          maxLength={MOST.name}
        />
      )}
      <TextField
        {...field("description")}
        prose
        label="Description"
        hint="What it is for, in a sentence. People see it; the model does not."
        required
        maxLength={MOST.description}
      />
      <TextArea
        {...field("instructions")}
        label="Instructions"
        hint="The system prompt: sent ahead of every conversation."
        rows={12}
        required
        maxLength={MOST.instructions}
      />
      <ModelField {...field("model")} />
      <Bounds field={field} open={LIMITS.some((limit) => limit === faulty || draft[limit] !== "")} />
      {notice ?? (error !== null && faulty === undefined ? <FailureNotice error={error} /> : null)}
      <div className={styles.actions}>
        <Button type="submit" tone="primary" disabled={saving}>
          {saving ? "Saving…" : submit}
        </Button>
        <Link to="/agents" className={buttonClass("quiet")}>
          Cancel
        </Link>
      </div>
    </form>
  );
}

/** What stands in the form. It outlives a session that ends while it is written: who signs in again finds it there. */
function useDraft(initial: AgentDraft, version: string, error: ApiError | null) {
  const { data: session } = useSuspenseQuery(sessionQuery);
  const queryClient = useQueryClient();
  const router = useRouter();
  const owner = `${session.tenantId}/${session.keyId}`;
  const [draft, setDraft] = useState(() => keptDraft({ owner, version }) ?? initial);
  const latest = useRef(draft);
  useEffect(() => void (latest.current = draft), [draft]);
  useEffect(() => {
    forgetDraft();
    return () => {
      if (router.latestLocation.pathname === "/sign-in") keepDraft({ owner, version }, latest.current);
    };
  }, [router, owner, version]);
  useEffect(() => {
    if (isSignedOut(error)) leaveForSignIn(router, queryClient);
  }, [error, router, queryClient]);
  return [draft, setDraft] as const;
}

type FieldProps = Pick<Parameters<typeof TextField>[0], "name" | "value" | "onChange" | "error">;

/** Free text, for a route may be made later; with what the server offers now to choose from. */
function ModelField(props: FieldProps) {
  const models = useQuery(modelsQuery);
  const offered = (models.data ?? []).filter(({ id }) => !isAgent(id));
  return (
    <>
      <TextField
        {...props}
        label="Model"
        hint="A model or the name of a route. Empty: the server's default."
        placeholder="server default"
        list="agent-models"
        autoComplete="off"
        spellCheck={false}
        maxLength={MOST.model}
      />
      <datalist id="agent-models">
        {offered.map(({ id }) => (
          <option key={id} value={id}>
            {id}
          </option>
        ))}
      </datalist>
    </>
  );
}

function Bounds({ field, open }: { readonly field: (name: keyof AgentDraft) => FieldProps; readonly open: boolean }) {
  const number = { inputMode: "numeric" as const, autoComplete: "off" };
  return (
    <details className={styles.bounds} open={open}>
      <summary>Bounds of a run</summary>
      <div className={styles.numbers}>
        <TextField {...field("maxOutputTokens")} {...number} label="Output tokens" placeholder="the model's own" />
        <TextField {...field("maxHistoryMessages")} {...number} label="Messages of history" placeholder="50" />
        <TextField {...field("timeoutSeconds")} {...number} label="Seconds" placeholder="300" />
      </div>
    </details>
  );
}
