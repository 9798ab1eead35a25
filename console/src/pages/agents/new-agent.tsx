import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { createAgent } from "#api/agents.ts";
import { toApiError } from "#api/api-error.ts";
import { PageHeader } from "#ui/page-header.tsx";
import { type AgentDraft, definitionOf, EMPTY_DRAFT } from "./agent-draft.ts";
import { AgentForm } from "./agent-form.tsx";
import styles from "./agent-form.module.css";
import { forgetAgents } from "./forget-agents.ts";

/** `/console/agents/new`: makes an agent of the tenant's own. */
export function NewAgentPage() {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const creation = useMutation({
    mutationFn: (draft: AgentDraft) => createAgent(draft.name.trim(), definitionOf(draft)),
    onSuccess: () => {
      forgetAgents(queryClient);
      return navigate({ to: "/agents" });
    },
  });
  return (
    <>
      <PageHeader title="New agent" />
      <div className={styles.page}>
        <AgentForm
          initial={EMPTY_DRAFT}
          version="none"
          named={false}
          submit="Create agent"
          saving={creation.isPending}
          error={creation.error === null ? null : toApiError(creation.error)}
          onSave={creation.mutate}
        />
      </div>
    </>
  );
}
