import type { AgentSummary } from "@slipway/contracts/api/agents.ts";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { removeAgent } from "#api/agents.ts";
import { toApiError } from "#api/api-error.ts";
import { Button } from "#ui/button.tsx";
import { Dialog, DialogClose } from "#ui/dialog.tsx";
import { Icon } from "#ui/icon.tsx";
import { FailureNotice } from "../failure-notice.tsx";
import styles from "./agent-form.module.css";
import { forgetAgents } from "./forget-agents.ts";

/** Removes an agent, once it has been said twice. */
export function RemoveAgent({ agent }: { readonly agent: AgentSummary }) {
  const queryClient = useQueryClient();
  const [asking, setAsking] = useState(false);
  const removal = useMutation({
    mutationFn: () => removeAgent(agent.name, agent.hash),
    onSuccess: () => {
      setAsking(false);
      forgetAgents(queryClient);
    },
    // What was shown is no longer so: the list says what is.
    onError: () => forgetAgents(queryClient),
  });
  const open = (): void => {
    removal.reset();
    setAsking(true);
  };
  return (
    <>
      <Button tone="quiet" onClick={open}>
        <Icon name="trash" />
        Delete
        <span className="visually-hidden"> {agent.name}</span>
      </Button>
      {asking ? (
        <Dialog title={`Delete ${agent.name}?`} onClose={() => setAsking(false)}>
          <p className={styles.question}>
            Clients that ask for <code>{agent.modelId}</code> are refused from now on. Its runs and conversations stay;
            its versions do not.
          </p>
          {removal.error === null ? null : <FailureNotice error={toApiError(removal.error)} />}
          <div className={styles.answers}>
            <DialogClose>Keep it</DialogClose>
            <Button tone="danger" disabled={removal.isPending} onClick={() => removal.mutate()}>
              {removal.isPending ? "Deleting…" : "Delete"}
            </Button>
          </div>
        </Dialog>
      ) : null}
    </>
  );
}
