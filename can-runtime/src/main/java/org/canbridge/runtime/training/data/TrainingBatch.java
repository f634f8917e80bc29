package org.canbridge.runtime.training.data;

/** stub until the data branch lands. */
@SuppressWarnings("ArrayRecordComponent")
public record TrainingBatch(long firstPosition, float[] values, long[] labels, float[] text) {}
