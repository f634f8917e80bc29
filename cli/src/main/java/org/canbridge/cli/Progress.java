package org.canbridge.cli;

/** How far a long job is. Closing it ends the display, whether the job succeeded or not. */
interface Progress extends AutoCloseable {

  /** Tells that {@code done} units of the total are done; never less than was told before. */
  void advanceTo(long done);

  /** What is to be said beside the numbers from now on, such as a loss; a few words. */
  void note(String text);

  @Override
  void close();
}
