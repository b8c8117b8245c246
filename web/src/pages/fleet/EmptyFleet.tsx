import { errorText } from "@/api/error";
import { useCreateJoinToken } from "@/api/robots";
import { useMay } from "@/api/role";
import { useServer } from "@/api/server";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { PostureFigure } from "@/parts/body/Figure";
import { CopyText } from "@/parts/CopyText";
import { Notice } from "@/parts/Notice";

const tokenHours = 24;

/** What to do when there is no robot yet: the exact commands, with this server's own address. */
export function EmptyFleet() {
  const t = useT();
  const port = useServer().data?.plain_mqtt_port ?? 1883;
  return (
    <div className="card mx-auto max-w-3xl p-5 sm:p-8">
      <div className="flex items-center gap-4">
        <PostureFigure posture="standing" className="h-24 w-20 shrink-0 max-sm:hidden" />
        <div>
          <h2 className="font-semibold text-lg">{t("empty.title")}</h2>
          <p className="mt-1 text-ink-2">{t("empty.intro")}</p>
        </div>
      </div>
      <ol className="mt-6 grid gap-6">
        <li className="grid gap-2.5">
          <h3 className="font-semibold">1. {t("empty.agent")}</h3>
          <p className="text-ink-2">{t("empty.agent_text")}</p>
          <AgentCommand />
        </li>
        <li className="grid gap-2.5">
          <h3 className="font-semibold">2. {t("empty.python")}</h3>
          <p className="text-ink-2">{t("empty.python_text")}</p>
          <CopyText
            text={`python3 tonypi_client.py --broker ${location.hostname} --port ${port} --robot-id tonypi_01`}
          />
        </li>
      </ol>
      <p className="mt-6 mb-2.5 border-line border-t pt-5 text-ink-2">{t("empty.demo")}</p>
      <CopyText text="tonypi demo" />
    </div>
  );
}

function AgentCommand() {
  const t = useT();
  const allowed = useMay("adopt_robots");
  const create = useCreateJoinToken();
  const token = create.data?.token ?? "TOKEN";
  return (
    <>
      <CopyText text={`tonypi agent --server ${location.origin} --token ${token}`} />
      {create.isError && (
        <Notice tone="critical" role="alert">
          {errorText(create.error)}
        </Notice>
      )}
      {create.data && <p className="text-ink-3 text-xs">{t("empty.token_once", { hours: tokenHours })}</p>}
      {!create.data && allowed && (
        <Button
          look="primary"
          className="justify-self-start"
          busy={create.isPending}
          onClick={() => create.mutate({ expires_in_hours: tokenHours })}
        >
          {t("empty.make_token")}
        </Button>
      )}
      {!allowed && <p className="text-ink-3 text-xs">{t("empty.ask_admin")}</p>}
    </>
  );
}
