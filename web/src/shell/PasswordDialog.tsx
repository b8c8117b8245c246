import { useT } from "@/i18n/translate";
import { PasswordForm } from "@/pages/account/PasswordForm";
import { Button } from "@/parts/Button";
import { Dialog } from "@/parts/Dialog";

export function PasswordDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const t = useT();
  return (
    <Dialog open={open} onClose={onClose} title={t("account.password")}>
      <PasswordForm
        end={<Button onClick={onClose}>{t("action.cancel")}</Button>}
        done={<Button onClick={onClose}>{t("action.close")}</Button>}
      />
    </Dialog>
  );
}
