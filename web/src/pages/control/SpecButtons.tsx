import { Ellipsis } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { CommandSpec } from "@/api/types";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { cn } from "@/parts/cn";
import { inputLook } from "@/parts/Field";
import { atHand, choiceTitle, needsWords, sentence } from "./commands";

interface Props {
  spec: CommandSpec;
  title: string;
  disabled: boolean;
  onSend: (parameters: Record<string, unknown>) => void;
  onAsk: () => void;
}

/**
 * The buttons of one command: one for each choice that needs no more words, else one that sends it at once, and one
 * that asks for the rest. A command that is one sentence has its field right here.
 */
export function SpecButtons({ spec, title, disabled, onSend, onAsk }: Props) {
  const t = useT();
  const hand = atHand(spec);
  const text = sentence(spec);
  if (text) return <Sentence title={title} param={text} disabled={disabled} onSend={onSend} />;
  const look = spec.confirm ? "danger" : "plain";
  if (!hand && needsWords(spec)) {
    return (
      <Button size="small" look={look} disabled={disabled} onClick={onAsk}>
        {`${title} …`}
      </Button>
    );
  }
  const more = spec.params.length > (hand ? 1 : 0);
  return (
    <>
      {hand?.choices.map((choice) => (
        <Button key={choice} size="small" disabled={disabled} onClick={() => onSend({ [hand.param]: choice })}>
          {choiceTitle(choice, t)}
        </Button>
      ))}
      <span className="inline-flex">
        {!hand && (
          <Button size="small" disabled={disabled} onClick={() => onSend({})} className={cn(more && "rounded-r-none")}>
            {title}
          </Button>
        )}
        {(more || hand) && (
          <Button
            size="small"
            disabled={disabled}
            onClick={onAsk}
            aria-label={t("actions.more", { title })}
            title={t("actions.more", { title })}
            className={cn("px-2 max-md:min-w-11", !hand && "rounded-l-none border-l-0")}
          >
            <Ellipsis aria-hidden />
          </Button>
        )}
      </span>
    </>
  );
}

interface SentenceProps {
  title: string;
  param: { name: string; longest: number };
  disabled: boolean;
  onSend: Props["onSend"];
}

function Sentence({ title, param, disabled, onSend }: SentenceProps) {
  const [text, setText] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() === "") return;
    onSend({ [param.name]: text.trim() });
    setText("");
  };
  return (
    <form onSubmit={submit} className="flex min-w-56 flex-1 gap-2">
      <input
        aria-label={title}
        placeholder={title}
        maxLength={param.longest}
        disabled={disabled}
        value={text}
        onChange={(event) => setText(event.target.value)}
        className={cn(inputLook, "h-8 min-w-0 flex-1")}
      />
      <Button type="submit" size="small" disabled={disabled || text.trim() === ""}>
        {title}
      </Button>
    </form>
  );
}
