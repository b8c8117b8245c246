import { Plus, ShieldX, Ticket } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useDeleteJoinToken, useJoinTokens, useMakeJoinToken } from "@/api/joining";
import { useMay } from "@/api/role";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { Choice } from "@/parts/Choice";
import { CopyText } from "@/parts/CopyText";
import { CredentialRow } from "@/parts/CredentialRow";
import { Dialog } from "@/parts/Dialog";
import { Field } from "@/parts/Field";
import { FormEnd } from "@/parts/FormEnd";
import { FormFailure } from "@/parts/FormFailure";
import { ListState } from "@/parts/ListState";
import { Notice } from "@/parts/Notice";
import { EmptyState } from "@/parts/states";
import { RobotsTabs } from "./RobotsTabs";

/** Tokens by which new robots with our agent join; for admins. */
export function JoinTokensPage() {
  const t = useT();
  const allowed = useMay("adopt_robots");
  const tokens = useJoinTokens(allowed);
  const remove = useDeleteJoinToken();
  const [making, setMaking] = useState(false);
  const list = tokens.data ?? [];
  if (!allowed) return <EmptyState icon={<ShieldX aria-hidden />} title={t("state.forbidden")} />;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <h1 className="sr-only">{t("join.title")}</h1>
      <RobotsTabs />
      <div className="flex flex-wrap items-start gap-3">
        <p className="max-w-3xl flex-1 basis-72 text-ink-2">{t("join.intro")}</p>
        <Button look="primary" className="ml-auto" onClick={() => setMaking(true)}>
          <Plus aria-hidden />
          {t("empty.make_token")}
        </Button>
      </div>
      <FormFailure error={remove.error} />
      <ListState
        query={tokens}
        known={tokens.data !== undefined}
        empty={list.length === 0}
        nothing={
          <EmptyState icon={<Ticket aria-hidden />} title={t("join.none")}>
            {t("join.none_text")}
          </EmptyState>
        }
      >
        <ul className="card divide-y divide-line">
          {list.map((token) => (
            <CredentialRow
              key={token.id}
              credential={token}
              onDelete={() => remove.mutate(token.id)}
              deleting={remove.isPending && remove.variables === token.id}
            />
          ))}
        </ul>
      </ListState>
      <Dialog open={making} onClose={() => setMaking(false)} title={t("empty.make_token")}>
        <TokenForm onDone={() => setMaking(false)} />
      </Dialog>
    </div>
  );
}

const lifetimes = ["1", "24", "168", "720"] as const;

function TokenForm({ onDone }: { onDone: () => void }) {
  const t = useT();
  const make = useMakeJoinToken();
  const [name, setName] = useState("");
  const [hours, setHours] = useState("24");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate({ name: name.trim(), expires_in_hours: Number(hours) });
  };
  if (make.data) {
    return (
      <div className="grid gap-4">
        <Notice tone="warning" role="status">
          {t("tokens.once")}
        </Notice>
        <p className="text-ink-2">{t("empty.agent_text")}</p>
        <CopyText text={`tonypi agent --server ${location.origin} --token ${make.data.token}`} />
        <Button className="justify-self-end" onClick={onDone}>
          {t("action.close")}
        </Button>
      </div>
    );
  }
  return (
    <form onSubmit={submit} className="grid gap-4">
      <FormFailure error={make.error} />
      <Field
        label={t("tokens.name")}
        hint={t("join.name_hint")}
        maxLength={100}
        autoComplete="off"
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <Choice
        label={t("tokens.expires")}
        value={hours}
        onChange={setHours}
        choices={lifetimes.map((each) => [
          each,
          Number(each) < 48 ? t("tokens.hours", { n: Number(each) }) : t("tokens.days", { n: Number(each) / 24 }),
        ])}
      />
      <FormEnd onCancel={onDone} busy={make.isPending}>
        {t("empty.make_token")}
      </FormEnd>
    </form>
  );
}
