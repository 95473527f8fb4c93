//! The parts that the stream of items and the stream of pages have in common.

/// Defines the methods and traits of a stream over a walk. `deliver` takes the next unit from the
/// current page.
macro_rules! page_stream {
    ($stream:ident of $unit:literal: $output:ty, $deliver:expr) => {
        impl<O: PagedOperation> $stream<O> {
            pub(super) fn new(walk: Walk<O>) -> Self {
                Self { walk }
            }

            #[doc = concat!("Returns the next ", $unit, "; `None` at the end and after an error.")]
            ///
            /// Dropping the future loses nothing: the next call continues the same request.
            ///
            /// # Errors
            /// See [`PageError`].
            pub async fn next(&mut self) -> Option<Result<$output, PageError>> {
                futures_util::StreamExt::next(self).await
            }

            #[doc = concat!("Returns the cursor to resume from after the last delivered ", $unit, ", without")]
            /// skipping or repeating an item; `None` if nothing is left to read. The cursor remembers up to
            /// 1,000 ids: see [`ResumeCursor`]. Items without an id may be delivered again.
            ///
            #[doc = concat!("Store it after you have processed that ", $unit, ": if you store it before and then")]
            #[doc = concat!("stop, the ", $unit, " is skipped.")]
            pub fn resume_cursor(&self) -> Option<ResumeCursor> {
                self.walk.resume_cursor()
            }

            /// Continues after an error, from the same position. Does nothing if there was no error.
            pub fn retry(&mut self) {
                self.walk.retry();
            }

            /// Returns why the stream ended; `None` before its end and after an error.
            pub fn ending(&self) -> Option<Ending> {
                self.walk.ending()
            }

            /// Returns how many items were delivered.
            pub fn items_delivered(&self) -> u64 {
                self.walk.items_delivered()
            }
        }

        impl<O: PagedOperation> futures_core::Stream for $stream<O> {
            type Item = Result<$output, PageError>;

            fn poll_next(
                self: std::pin::Pin<&mut Self>,
                context: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Option<Self::Item>> {
                let walk = &mut self.get_mut().walk;
                walk.poll_page(context)
                    .map(|page| page.and_then(|page| page.map(|()| $deliver(walk)).transpose()))
            }
        }

        impl<O: PagedOperation> futures_core::FusedStream for $stream<O> {
            fn is_terminated(&self) -> bool {
                self.walk.is_over()
            }
        }

        // The stream never pins an item.
        impl<O: PagedOperation> Unpin for $stream<O> {}

        impl<O: PagedOperation> std::fmt::Debug for $stream<O> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($stream))
                    .field("operation", &O::INFO.id)
                    .field("items_delivered", &self.items_delivered())
                    .field("ending", &self.ending())
                    .finish_non_exhaustive()
            }
        }
    };
}
