package org.canbridge.runtime.training.data;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.canbridge.tensors.files.InputFileException;

/**
 * Batches of a set in shuffled order, read ahead by threads.
 *
 * <p>An epoch is a permutation of the set that the seed and the epoch's number decide, cut into
 * whole batches; what is left over at its end, less than a batch, is dropped for this epoch, as in
 * the scripts of DiT and U-ViT. A position counts the examples of whole batches since training
 * began. A loader that begins at the position where another stopped gives exactly the batches that
 * the other would have given, whatever the number of threads. The position may also come from a run
 * with another batch size: it then begins there, and the epoch ends with its last whole batch.
 *
 * <p>Every thread reads a whole batch; at most {@link LoaderOptions#ahead} batches are held. What
 * goes wrong while a batch is read is thrown by {@link #next} in its place. Closing a loader does
 * not close the set.
 */
public final class BatchLoader implements AutoCloseable {
  private final TrainingSet set;
  private final int batch;
  private final long seed;
  private final int size;
  private final int epochSize;
  private final Map<Long, int[]> orders = new ConcurrentHashMap<>();
  private final List<Thread> threads = new ArrayList<>();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition ready = lock.newCondition();
  private final Condition room = lock.newCondition();
  // Guarded by the lock: a ring of slots, batch k in slot k % length.
  private final Object[] slots;
  private long claimed;
  private long handed;
  private long epoch;
  private int offset;
  private long waits;
  private volatile boolean stopped;

  /** Where a batch lies: {@code offset} in the order of {@code epoch}. */
  private record Place(long number, long epoch, int offset) {}

  /** What was thrown in place of a batch. */
  private record Failure(Throwable thrown) {}

  /**
   * Starts reading.
   *
   * @param batch B, the number of examples in each batch
   * @param seed decides the order and all random choices
   * @param position examples consumed before, {@code firstPosition + batch} of the last batch that
   *     was used, or 0
   * @throws InputFileException if the set has fewer examples than a batch
   * @throws IllegalArgumentException if a number is out of range
   */
  public BatchLoader(TrainingSet set, int batch, long seed, long position, LoaderOptions options) {
    if (batch < 1 || position < 0 || set.size() > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "batch " + batch + " at position " + position + " of " + set.size() + " examples");
    }
    if (set.size() < batch) {
      throw InputFileException.of(DataProblem.TOO_FEW_EXAMPLES, set.path())
          .what("the data set has fewer examples than a batch")
          .expected("at least " + batch)
          .actual(set.size())
          .next("take a smaller batch, or more examples")
          .build();
    }
    this.set = set;
    this.batch = batch;
    this.seed = seed;
    this.size = (int) set.size();
    this.epochSize = size / batch * batch;
    this.epoch = position / epochSize;
    this.offset = (int) (position % epochSize);
    this.slots = new Object[options.ahead()];
    for (int i = 0; i < options.threads(); i++) {
      Thread thread = new Thread(this::read, "canbridge-loader-" + i);
      thread.setDaemon(true);
      threads.add(thread);
    }
    threads.forEach(Thread::start);
  }

  /**
   * The next batch; waits if it has not been read yet.
   *
   * @throws IOException if one of its files cannot be read
   * @throws InputFileException if one of its files cannot be used
   * @throws InterruptedException if the calling thread is interrupted while it waits
   * @throws IllegalStateException if the loader is closed
   */
  public TrainingBatch next() throws IOException, InterruptedException {
    lock.lockInterruptibly();
    try {
      int slot = (int) (handed % slots.length);
      if (slots[slot] == null && !stopped) {
        waits++;
      }
      while (slots[slot] == null && !stopped) {
        ready.await();
      }
      if (stopped) {
        throw new IllegalStateException("the loader is closed");
      }
      if (slots[slot] instanceof Failure failure) {
        throw rethrown(failure.thrown());
      }
      TrainingBatch next = (TrainingBatch) slots[slot];
      slots[slot] = null;
      handed++;
      room.signal();
      return next;
    } finally {
      lock.unlock();
    }
  }

  /** Throws what a thread has thrown, or returns it if it is a runtime exception. */
  private static RuntimeException rethrown(Throwable thrown) throws IOException {
    if (thrown instanceof IOException e) {
      throw e;
    }
    if (thrown instanceof Error e) {
      throw e;
    }
    return (RuntimeException) thrown;
  }

  /** How many calls of {@link #next} found their batch not ready and had to wait. */
  public long waits() {
    lock.lock();
    try {
      return waits;
    } finally {
      lock.unlock();
    }
  }

  /** How many batches are ready to be handed out, counted without gaps from the next one. */
  int readyBatches() {
    lock.lock();
    try {
      int count = 0;
      while (count < slots.length && slots[(int) ((handed + count) % slots.length)] != null) {
        count++;
      }
      return count;
    } finally {
      lock.unlock();
    }
  }

  private void read() {
    for (Place place = claim(); place != null; place = claim()) {
      Object result;
      try {
        result = read(place);
      } catch (IOException | RuntimeException | Error e) {
        result = new Failure(e);
      }
      deliver(place, result);
    }
  }

  /** The place of the next batch as soon as there is room for it; null when all is over. */
  private Place claim() {
    lock.lock();
    try {
      while (!stopped && claimed - handed >= slots.length) {
        room.awaitUninterruptibly();
      }
      if (stopped) {
        return null;
      }
      if (offset + batch > epochSize) {
        epoch++;
        offset = 0;
      }
      Place place = new Place(claimed++, epoch, offset);
      offset += batch;
      return place;
    } finally {
      lock.unlock();
    }
  }

  private void deliver(Place place, Object result) {
    lock.lock();
    try {
      slots[(int) (place.number() % slots.length)] = result;
      ready.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private TrainingBatch read(Place place) throws IOException {
    int[] order = order(place.epoch());
    return TrainingBatch.read(
        set,
        place.epoch() * epochSize + place.offset(),
        Arrays.copyOfRange(order, place.offset(), place.offset() + batch),
        index -> new ExampleRandom(seed, place.epoch(), index),
        () -> stopped);
  }

  /** Outside the lock, since shuffling a million numbers takes a while. */
  private int[] order(long number) {
    orders.keySet().removeIf(old -> old < number - 1);
    return orders.computeIfAbsent(number, n -> EpochOrder.of(seed, n, size));
  }

  /**
   * Ends the threads, each after the example that it is reading, and waits for them. They are not
   * interrupted: that would close the files that the set reads from.
   */
  @Override
  public void close() {
    lock.lock();
    try {
      stopped = true;
      ready.signalAll();
      room.signalAll();
    } finally {
      lock.unlock();
    }
    boolean interrupted = false;
    for (Thread thread : threads) {
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
