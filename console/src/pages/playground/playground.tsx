import type { AgentSummary } from "@slipway/contracts/api/agents.ts";
import { useQuery, useQueryClient, useSuspenseQuery, type UseQueryResult } from "@tanstack/react-query";
import { getRouteApi, useNavigate, useRouter } from "@tanstack/react-router";
import { useCallback, useEffect, useRef, useSyncExternalStore } from "react";
import { isSignedOut, toApiError } from "#api/api-error.ts";
import { agentsQuery } from "#api/agents.ts";
import { modelsQuery, type Model } from "#api/models.ts";
import { sessionQuery } from "#api/session.ts";
import { Button, RoomyLabel } from "#ui/button.tsx";
import { CopyButton } from "#ui/copy-button.tsx";
import { Icon } from "#ui/icon.tsx";
import { Notice } from "#ui/notice.tsx";
import { PageHeader } from "#ui/page-header.tsx";
import { leaveForSignIn } from "../../sign-in-redirect.ts";
import { FailureNotice } from "../failure-notice.tsx";
import { announcementOf } from "./answer-facts.ts";
import { Composer, type ComposerHandle } from "./composer.tsx";
import type { ConversationStore } from "./conversation-store.ts";
import { isRunning, messagesFor, type Conversation, type Turn } from "./conversation.ts";
import { curlCommand } from "./curl.ts";
import { defaultModel, groupModels } from "./model-choice.ts";
import { conversationOf } from "./open-conversation.ts";
import styles from "./playground.module.css";
import { Settings } from "./settings.tsx";
import { Transcript } from "./transcript.tsx";

const route = getRouteApi("/shell/playground");

/** `/console/playground`: a conversation with any model or agent, by the same API that clients use. */
export function PlaygroundPage() {
  const { data: session } = useSuspenseQuery(sessionQuery);
  const store = conversationOf(`${session.tenantId}/${session.keyId}`);
  const conversation = useSyncExternalStore(store.subscribe, store.snapshot);
  const running = isRunning(conversation);
  const { models, model, agent, chooseModel } = useModelChoice(lastAnswer(conversation.turns)?.model);
  const composer = useRef<ComposerHandle>(null);
  const focusComposer = useCallback(() => composer.current?.focus(), []);
  const stop = useCallback(() => {
    store.stop();
    focusComposer();
  }, [store, focusComposer]);
  const retry = useCallback(() => {
    store.retry(model);
    focusComposer();
  }, [store, model, focusComposer]);
  useEscape(running, stop);
  useSignInWhenRefused(store);

  return (
    <>
      <PageHeader
        title="Playground"
        actions={
          <PageActions
            conversation={conversation}
            model={model}
            onNew={() => {
              store.clear();
              focusComposer();
            }}
          />
        }
      />
      <div className={styles.body}>
        <div className={styles.settings}>
          <ModelTroubles models={models} />
          <Settings
            groups={groupModels(models.data ?? [], model)}
            model={model}
            onModel={chooseModel}
            systemPrompt={conversation.systemPrompt}
            onSystemPrompt={store.instruct}
            agent={agent}
          />
        </div>
        <section className={styles.conversation} aria-label="Chat">
          <Transcript
            turns={conversation.turns}
            running={running}
            onRetry={retry}
            empty={<NothingSaid model={model} />}
          />
          <div className={styles.composer}>
            <Composer
              ref={composer}
              running={running}
              ready={model !== ""}
              onSend={(text) => store.ask(text, model)}
              onStop={stop}
            />
          </div>
        </section>
      </div>
      <output className="visually-hidden">{announcementOf(lastAnswer(conversation.turns))}</output>
    </>
  );
}

/**
 * The chosen model is part of the address, so that a link can open the playground on an agent. Without one in the address the
 * conversation goes on with whoever answered last.
 */
function useModelChoice(answeredLast: string | undefined) {
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/playground" });
  const models = useQuery(modelsQuery);
  const agents = useQuery(agentsQuery);
  const model = search.model ?? answeredLast ?? defaultModel(models.data ?? []);
  const agent: AgentSummary | undefined = agents.data?.find((candidate) => candidate.modelId === model);
  const chooseModel = (next: string): void => void navigate({ search: { model: next }, replace: true });
  return { models, model, agent, chooseModel };
}

interface PageActionsProps {
  readonly conversation: Conversation;
  readonly model: string;
  readonly onNew: () => void;
}

function PageActions({ conversation, model, onNew }: PageActionsProps) {
  const nothingSaid = conversation.turns.length === 0;
  return (
    <>
      <CopyButton
        roomy
        label="Copy as curl"
        icon="terminal"
        disabled={nothingSaid}
        text={() => curlCommand(window.location.origin, model, messagesFor(model, conversation))}
      />
      <Button tone="quiet" onClick={onNew} disabled={nothingSaid}>
        <Icon name="plus" />
        <RoomyLabel>New conversation</RoomyLabel>
      </Button>
    </>
  );
}

function NothingSaid({ model }: { readonly model: string }) {
  return (
    <div className={styles.empty}>
      <h2 className={styles.emptyTitle}>Start a conversation</h2>
      {model === "" ? null : (
        <p>
          <code>{model}</code> answers here as it answers any OpenAI client.
        </p>
      )}
    </div>
  );
}

/** Why there may be nothing to choose from. */
function ModelTroubles({ models }: { readonly models: UseQueryResult<readonly Model[]> }) {
  if (models.error !== null) {
    const retry = <Button onClick={() => void models.refetch()}>Retry</Button>;
    return <FailureNotice error={toApiError(models.error)} action={retry} />;
  }
  if (models.data?.length !== 0) return null;
  return (
    <Notice
      tone="warn"
      title="This server offers no model."
      hint={
        <>
          Set the key of a provider, or <code>TEST_MODE=true</code> for the mock model, and start it again.
        </>
      }
    />
  );
}

function lastAnswer(turns: readonly Turn[]) {
  const last = turns.at(-1);
  return last?.role === "assistant" ? last : undefined;
}

function useEscape(active: boolean, act: () => void): void {
  useEffect(() => {
    if (!active) return undefined;
    const onKeyDown = (event: KeyboardEvent): void => {
      // In a dialog, Escape closes the dialog.
      if (event.key === "Escape" && document.querySelector("dialog[open]") === null) act();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [active, act]);
}

/** When the session is found to be over by an answer, the way leads to the sign-in page; the conversation waits for the way back. */
function useSignInWhenRefused(store: ConversationStore): void {
  const router = useRouter();
  const queryClient = useQueryClient();
  useEffect(() => {
    let { turns } = store.snapshot();
    return store.subscribe(() => {
      const next = store.snapshot().turns;
      if (next === turns) return;
      turns = next;
      if (isSignedOut(lastAnswer(next)?.error)) leaveForSignIn(router, queryClient);
    });
  }, [store, router, queryClient]);
}
