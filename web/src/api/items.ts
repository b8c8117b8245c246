import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "./client";
import { keys } from "./keys";
import type { Item } from "./types";

const pageSize = 100;

/** The table of codes, by code, page by page. */
export function useItems(search: string | undefined) {
  return useInfiniteQuery({
    queryKey: [...keys.items, search],
    queryFn: ({ pageParam }) => {
      const query = {
        limit: pageSize,
        ...(search ? { search } : {}),
        ...(pageParam ? { cursor: pageParam } : {}),
      };
      return unwrap(api.GET("/api/v1/items", { params: { query } }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor || undefined,
  });
}

function useItemMutation<T, R>(mutationFn: (variables: T) => Promise<R>) {
  const cache = useQueryClient();
  return useMutation({ mutationFn, onSuccess: () => cache.invalidateQueries({ queryKey: keys.items }) });
}

/** Adds an item, or replaces the one with the same code. */
export const useSaveItem = () =>
  useItemMutation((item: Item) =>
    unwrap(api.PUT("/api/v1/items/{code}", { params: { path: { code: item.code } }, body: item })),
  );

export const useDeleteItem = () =>
  useItemMutation((code: string) => unwrap(api.DELETE("/api/v1/items/{code}", { params: { path: { code } } })));

/** Sends a whole CSV file: every line is taken, or none. */
export const useImportItems = () =>
  useItemMutation((csv: string) =>
    unwrap(
      api.POST("/api/v1/items/import", {
        body: csv,
        bodySerializer: (text) => text,
        headers: { "Content-Type": "text/csv" },
      }),
    ),
  );
