import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { followSystem } from "./preferences";
import "./styles.css";

followSystem();

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}

if (import.meta.env.PROD && "serviceWorker" in navigator) {
  // Without it the page works all the same; only its shell is then not there when the server is not.
  navigator.serviceWorker.register("/sw.js").catch(() => undefined);
}
