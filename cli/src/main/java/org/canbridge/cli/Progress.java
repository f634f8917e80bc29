package org.canbridge.cli;

/** How far a long job is. Closing it ends the display, whether the job succeeded or not. */
interface Progress extends AutoCloseable {

  /** Tells that {@code done} units of the total are done; never less than was told before. */
  void advanceTo(long done);

  @Override
  void close();
}
