import type { Message } from "./message";

export const stop = {
  "stop.all": { en: "Stop all", de: "Alle anhalten" },
  "stop.one": { en: "Stop {robot}", de: "{robot} anhalten" },
  "stop.all_robots": { en: "Stop all robots", de: "Alle Roboter anhalten" },
  "stop.short": { en: "Stop", de: "Stopp" },
  "stop.short_all": { en: "all", de: "alle" },
  "stop.short_one": { en: "this robot", de: "diesen" },
  "stop.options": { en: "More about stopping", de: "Mehr zum Anhalten" },
  "stop.key": { en: "Key: F8, or {mod}+. (also in the terminal)", de: "Taste: F8 oder {mod}+. (auch im Terminal)" },
  "stop.forbidden": {
    en: "Your role may watch but not stop robots. An operator or administrator can.",
    de: "Deine Rolle darf zusehen, aber nicht anhalten. Bediener und Administratoren dürfen es.",
  },
  "stop.sending": { en: "Stopping {what} …", de: "{what}: wird angehalten …" },
  "stop.what_all": { en: "all robots", de: "Alle Roboter" },
  "stop.progress": { en: "{confirmed} of {n} confirmed", de: "{confirmed} von {n} bestätigt" },
  "stop.done": {
    en: "Stopped: one robot confirmed | Stopped: all {n} robots confirmed",
    de: "Angehalten: ein Roboter hat bestätigt | Angehalten: alle {n} Roboter haben bestätigt",
  },
  "stop.none": { en: "There is no robot to stop.", de: "Es gibt keinen Roboter, der anzuhalten wäre." },
  "stop.missing": {
    en: "One robot has not confirmed the stop. Look at it! | {n} robots have not confirmed the stop. Look at them!",
    de: "Ein Roboter hat den Stopp nicht bestätigt. Sieh nach! | {n} Roboter haben den Stopp nicht bestätigt. Sieh nach!",
  },
  "stop.silent": { en: "no answer yet", de: "noch keine Antwort" },
  "stop.unreachable": {
    en: "The stop could not be sent. Trying again. Use the robot's own switch!",
    de: "Der Stopp konnte nicht gesendet werden. Neuer Versuch läuft. Nutze den Schalter am Roboter!",
  },
  "stop.rejected": { en: "The stop was not sent: {detail}", de: "Der Stopp wurde nicht gesendet: {detail}" },
  "stop.seen": { en: "I have looked", de: "Ich habe nachgesehen" },
  "stop.more_robots": { en: "and one more | and {n} more", de: "und ein weiterer | und {n} weitere" },
  "stop.state": { en: "Stopped", de: "Angehalten" },
  "stop.because": { en: "Stopped: {reason}", de: "Angehalten: {reason}" },
  "stop.by": { en: "by {name}, {age}", de: "von {name}, {age}" },
  "stop.holds": {
    en: "It holds its pose and takes no motion until somebody lets it move again.",
    de: "Er hält seine Haltung und bewegt sich nicht, bis jemand ihn wieder freigibt.",
  },
  "stop.fleet": {
    en: "One robot is stopped | {n} robots are stopped",
    de: "Ein Roboter ist angehalten | {n} Roboter sind angehalten",
  },
  "resume.button": { en: "Let it move again …", de: "Wieder freigeben …" },
  "resume.button_all": { en: "Let all move again …", de: "Alle wieder freigeben …" },
  "resume.title": { en: "Let {robot} move again", de: "{robot} wieder freigeben" },
  "resume.title_all": {
    en: "Let the stopped robot move again | Let {n} stopped robots move again",
    de: "Den angehaltenen Roboter freigeben | {n} angehaltene Roboter freigeben",
  },
  "resume.help": {
    en: "Make sure that nobody is within reach and that the robot stands safely. It does not move by itself, but takes commands again.",
    de: "Achte darauf, dass niemand in Reichweite ist und der Roboter sicher steht. Er bewegt sich nicht von selbst, nimmt aber wieder Befehle an.",
  },
  "resume.reason": { en: "Why it is safe now", de: "Warum es jetzt sicher ist" },
  "resume.reason_hint": { en: "Optional; others read it in the log.", de: "Freiwillig; andere lesen es im Protokoll." },
  "resume.checked": { en: "I have looked at the robot", de: "Ich habe nach dem Roboter gesehen" },
  "resume.checked_all": { en: "I have looked at all of them", de: "Ich habe nach allen gesehen" },
  "resume.do": { en: "Let it move", de: "Freigeben" },
  "resume.do_all": { en: "Let them move", de: "Freigeben" },
  "resume.failed": {
    en: "One robot did not take it: {detail} | {n} robots did not take it: {detail}",
    de: "Ein Roboter hat es nicht angenommen: {detail} | {n} Roboter haben es nicht angenommen: {detail}",
  },
  "keys.stop": {
    en: "Stop: this robot, or all outside of a robot's views",
    de: "Anhalten: diesen Roboter, außerhalb alle",
  },
  "nav.more": { en: "More", de: "Mehr" },
} satisfies Record<string, Message>;
