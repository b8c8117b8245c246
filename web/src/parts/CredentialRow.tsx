import type { Credential } from "@/api/types";
import { exact, parseTime } from "@/format/time";
import { useT } from "@/i18n/translate";
import { useNow } from "@/live/clock";
import { Age } from "./Age";
import { ConfirmButton } from "./ConfirmButton";

interface Props {
  credential: Credential;
  onDelete: () => void;
  deleting: boolean;
}

/** A token that exists: what for, since when, how long still, and the way to delete it. Its secret is not known. */
export function CredentialRow({ credential, onDelete, deleting }: Props) {
  const t = useT();
  const now = useNow();
  const expires = parseTime(credential.expires_at);
  const used = parseTime(credential.used_at);
  const over = expires !== undefined && expires < now;
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 py-3">
      <div className="min-w-40 flex-1">
        <p className="font-medium">{credential.name || t("tokens.unnamed")}</p>
        <p className="flex flex-wrap gap-x-3 text-ink-3 text-xs">
          <span>
            {t("tokens.made")} <Age time={parseTime(credential.created_at)} />
          </span>
          <span>
            {used === undefined ? (
              t("tokens.unused")
            ) : (
              <>
                {t("sessions.used")} <Age time={used} />
              </>
            )}
          </span>
          <span className={over ? "font-medium text-bad" : undefined}>
            {expires === undefined
              ? t("tokens.never")
              : t(over ? "tokens.expired" : "tokens.until", { time: exact(expires).replace(/:\d{2}[.,]\d{3}/, "") })}
          </span>
        </p>
      </div>
      <ConfirmButton
        size="small"
        busy={deleting}
        onConfirm={onDelete}
        aria-label={t("tokens.delete_of", { name: credential.name || t("tokens.unnamed") })}
      >
        {t("users.delete")}
      </ConfirmButton>
    </li>
  );
}
