import { KeyRound, Plus } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import { useCreateToken, useDeleteToken, useTokens } from "@/api/own";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { Choice } from "@/parts/Choice";
import { CopyText } from "@/parts/CopyText";
import { CredentialRow } from "@/parts/CredentialRow";
import { Dialog } from "@/parts/Dialog";
import { Field } from "@/parts/Field";
import { FormEnd } from "@/parts/FormEnd";
import { FormFailure } from "@/parts/FormFailure";
import { Notice } from "@/parts/Notice";
import { EmptyState, ErrorState, Skeleton } from "@/parts/states";

/** Tokens for scripts: made here, shown once, deleted here. */
export function ApiTokens() {
  const t = useT();
  const id = useId();
  const tokens = useTokens(true);
  const remove = useDeleteToken();
  const [making, setMaking] = useState(false);
  return (
    <section aria-labelledby={id} className="grid gap-3">
      <div className="flex flex-wrap items-center gap-2">
        <h2 id={id} className="mr-auto font-semibold">
          {t("tokens.title")}
        </h2>
        <Button size="small" onClick={() => setMaking(true)}>
          <Plus aria-hidden />
          {t("tokens.make")}
        </Button>
      </div>
      <p className="text-ink-2">{t("tokens.intro")}</p>
      <FormFailure error={remove.error} />
      {tokens.isPending && <Skeleton className="h-20" />}
      {tokens.isError && !tokens.data && <ErrorState error={tokens.error} retry={() => void tokens.refetch()} />}
      {tokens.data?.length === 0 && (
        <EmptyState icon={<KeyRound aria-hidden />} title={t("tokens.none")} className="py-7" />
      )}
      {tokens.data && tokens.data.length > 0 && (
        <ul className="card divide-y divide-line">
          {tokens.data.map((token) => (
            <CredentialRow
              key={token.id}
              credential={token}
              onDelete={() => remove.mutate(token.id)}
              deleting={remove.isPending && remove.variables === token.id}
            />
          ))}
        </ul>
      )}
      <Dialog open={making} onClose={() => setMaking(false)} title={t("tokens.make")}>
        <TokenForm onDone={() => setMaking(false)} />
      </Dialog>
    </section>
  );
}

const lifetimes = ["30", "90", "365", ""] as const;

function TokenForm({ onDone }: { onDone: () => void }) {
  const t = useT();
  const create = useCreateToken();
  const [name, setName] = useState("");
  const [days, setDays] = useState("90");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate({ name: name.trim(), ...(days ? { expires_in_days: Number(days) } : {}) });
  };
  if (create.data) {
    return (
      <div className="grid gap-4">
        <Notice tone="warning" role="status">
          {t("tokens.once")}
        </Notice>
        <CopyText text={create.data.token} />
        <p className="text-ink-2 text-xs">{t("tokens.how")}</p>
        <CopyText text={`curl -H "Authorization: Bearer ${create.data.token}" ${location.origin}/api/v1/robots`} />
        <Button className="justify-self-end" onClick={onDone}>
          {t("action.close")}
        </Button>
      </div>
    );
  }
  return (
    <form onSubmit={submit} className="grid gap-4">
      <FormFailure error={create.error} />
      <Field
        label={t("tokens.name")}
        hint={t("tokens.name_hint")}
        required
        maxLength={100}
        autoComplete="off"
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <Choice
        label={t("tokens.expires")}
        value={days}
        onChange={setDays}
        choices={lifetimes.map((each) => [each, each ? t("tokens.days", { n: Number(each) }) : t("tokens.never")])}
      />
      <FormEnd onCancel={onDone} busy={create.isPending}>
        {t("tokens.make")}
      </FormEnd>
    </form>
  );
}
