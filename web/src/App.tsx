import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useCallback, useEffect, useState } from "react";
import { ApiError } from "./api/error";
import { session, useSession } from "./api/session";
import { useT } from "./i18n/translate";
import { Splash } from "./parts/Splash";
import { ErrorState } from "./parts/states";
import { makeRouter } from "./routes";

const cache = new QueryClient({
  defaultOptions: {
    queries: {
      // What the server refused it will refuse again; what the network lost may come.
      retry: (count, error) => count < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
      retryDelay: (attempt) => Math.min(5000, 500 * 2 ** attempt),
      refetchOnWindowFocus: true,
    },
  },
});

const router = makeRouter();

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

/** The page: finds out who uses it, then shows the view that the URL names. */
export function App() {
  return (
    <QueryClientProvider client={cache}>
      <Views />
    </QueryClientProvider>
  );
}

function Views() {
  const t = useT();
  const state = useSession();
  const [failure, setFailure] = useState<unknown>();
  const begin = useCallback(() => {
    setFailure(undefined);
    session.begin().catch(setFailure);
  }, []);
  useEffect(begin, [begin]);

  const who = state.status === "in" ? `${state.user.id} ${state.user.role}` : state.status;
  // Somebody else may see other things: forget, and ask the guards of the routes again.
  useEffect(() => {
    if (who === "out") cache.clear();
    if (who !== "loading") void router.invalidate();
  }, [who]);

  if (failure) {
    return (
      <main className="mx-auto max-w-md p-6 pt-[20vh]">
        <ErrorState error={failure} retry={begin} />
      </main>
    );
  }
  if (state.status === "loading") return <Splash label={t("state.loading")} />;
  return <RouterProvider router={router} />;
}
