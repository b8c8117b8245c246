import type { Message } from "./message";

export const camera = {
  "camera.title": { en: "Camera", de: "Kamera" },
  "camera.picture": { en: "Picture of {robot}'s camera", de: "Bild der Kamera von {robot}" },
  "camera.live": { en: "Live", de: "Live" },
  "camera.connecting": { en: "Connecting to the camera …", de: "Verbinde mit der Kamera …" },
  "camera.connecting_help": {
    en: "The server asks the robot for its stream; the first picture is on its way.",
    de: "Der Server fragt den Roboter nach seinem Stream; das erste Bild ist unterwegs.",
  },
  "camera.down": { en: "The camera does not answer", de: "Die Kamera antwortet nicht" },
  "camera.none": { en: "This robot has told of no camera", de: "Dieser Roboter hat keine Kamera gemeldet" },
  "camera.none_help": {
    en: "Our agent tells the camera's address by itself (--camera). The original client tells it with its status.",
    de: "Unser Agent meldet die Adresse der Kamera selbst (--camera). Der Original-Client meldet sie mit seinem Status.",
  },
  "camera.offline": { en: "The robot is offline", de: "Der Roboter ist offline" },
  "camera.offline_help": {
    en: "The picture comes back by itself as soon as the robot does.",
    de: "Das Bild kommt von selbst zurück, sobald der Roboter zurück ist.",
  },
  "camera.hidden": {
    en: "Paused while the page is in the background",
    de: "Pausiert, solange die Seite im Hintergrund ist",
  },
  "camera.lost": { en: "The stream broke off", de: "Der Stream brach ab" },
  "camera.again": { en: "A new try runs.", de: "Ein neuer Versuch läuft." },
  "camera.stale": { en: "Last picture, {age} old", de: "Letztes Bild, {age} alt" },
  "camera.fps": { en: "Pictures a second", de: "Bilder je Sekunde" },
  "camera.age": { en: "Age of the picture", de: "Alter des Bildes" },
  "camera.viewers": { en: "one viewer | {n} viewers", de: "ein Zuschauer | {n} Zuschauer" },
  "camera.viewers_help": {
    en: "However many watch, the robot sends its picture only once.",
    de: "Wie viele auch zusehen: Der Roboter sendet sein Bild nur einmal.",
  },
  "camera.snapshot": { en: "Save picture", de: "Bild speichern" },
  "camera.detections": { en: "Detections", de: "Erkennungen" },
  "camera.detections_none": { en: "Nothing detected now", de: "Gerade nichts erkannt" },
  "camera.open": { en: "Large picture", de: "Großes Bild" },
  "camera.full": { en: "Full screen", de: "Vollbild" },
  "camera.size": { en: "Size", de: "Größe" },
} satisfies Record<string, Message>;
