import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { CopyText } from "@/parts/CopyText";
import { Dialog } from "@/parts/Dialog";
import { Notice } from "@/parts/Notice";
import type { HostKey } from "./shell";

interface Props {
  robot: string;
  hostKey: HostKey | undefined;
  onAccept: () => void;
  onRefuse: () => void;
}

/** Shows a host key that the server does not know, and warns loudly of one that has changed. */
export function HostKeyDialog({ robot, hostKey, onAccept, onRefuse }: Props) {
  const t = useT();
  const changed = hostKey?.changed ?? false;
  return (
    <Dialog
      open={hostKey !== undefined}
      onClose={onRefuse}
      title={t(changed ? "hostkey.changed_title" : "hostkey.title")}
    >
      {hostKey && (
        <div className="grid gap-4">
          {changed ? (
            <Notice tone="critical" role="alert">
              {t("hostkey.changed", { robot })}
            </Notice>
          ) : (
            <p className="text-ink-2">{t("hostkey.first", { robot })}</p>
          )}
          <div className="grid gap-1.5">
            <p className="font-medium text-ink-2 text-xs">
              {t("hostkey.fingerprint")} <span className="text-ink-3">{hostKey.keyType}</span>
            </p>
            <CopyText text={hostKey.fingerprint} />
          </div>
          {changed && (
            <div className="grid gap-1.5">
              <p className="font-medium text-ink-2 text-xs">{t("hostkey.previous")}</p>
              <CopyText text={hostKey.previous} />
            </div>
          )}
          <div className="flex flex-wrap justify-end gap-2">
            <Button onClick={onRefuse} look={changed ? "primary" : "plain"}>
              {t("hostkey.refuse")}
            </Button>
            <Button onClick={onAccept} look={changed ? "danger" : "primary"}>
              {t(changed ? "hostkey.accept_changed" : "hostkey.accept")}
            </Button>
          </div>
        </div>
      )}
    </Dialog>
  );
}
