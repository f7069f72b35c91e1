using System.Collections.Immutable;
using Channels.Orleans.Conformance.Calls;
using Orleans;
using Orleans.Serialization;

namespace Channels.Orleans.Conformance.Contract;

/// <summary>What the in-process runtime refuses, because Orleans could not serialise it or would copy it.</summary>
public sealed class WireTypesTests
{
    [GenerateSerializer]
    public sealed record Unnumbered(int Positional)
    {
        public int Forgotten { get; init; }
    }

    [GenerateSerializer]
    public sealed class Changeable
    {
        [Id(0)]
        public int Number { get; set; }
    }

    [GenerateSerializer]
    public abstract record Family
    {
        [GenerateSerializer]
        public sealed record Good(ImmutableArray<Family> Children) : Family;

        public sealed record Bad : Family;
    }

    [GenerateSerializer]
    public sealed record Tree(string Name, ImmutableList<Tree> Children, (int, Guid) Pair, DayOfWeek? Day, ImmutableDictionary<string, byte[]> Bodies);

    [GenerateSerializer]
    public readonly record struct Id(Guid Value);

    public sealed record Plain(int Number);

    public interface IWrong : IGrainWithStringKey
    {
        Task<List<int>> ListAsync(Plain plain, CancellationToken cancellationToken);

        int Now();

        Task ArraysAsync([Immutable] int[] allowed, int[] refused);
    }

    [Theory]
    [InlineData(typeof(Tree))]
    [InlineData(typeof(Answer))]
    [InlineData(typeof(Id))]
    [InlineData(typeof(Id?))]
    [InlineData(typeof(byte[]))]
    public void These_may_cross(Type type) => Assert.Null(WireTypes.Complaint(type));

    [Theory]
    [InlineData(typeof(Plain), "has no [GenerateSerializer]")]
    [InlineData(typeof(Unnumbered), "Forgotten has no [Id]")]
    [InlineData(typeof(Changeable), "Number can be set")]
    [InlineData(typeof(Family), "Bad has no [GenerateSerializer]")]
    [InlineData(typeof(ImmutableArray<Plain>), "has no [GenerateSerializer]")]
    [InlineData(typeof(IReadOnlyList<int>), "use ImmutableArray")]
    [InlineData(typeof(Dictionary<string, int>), "use ImmutableArray")]
    [InlineData(typeof(object), "has no [GenerateSerializer]")]
    public void These_may_not_cross(Type type, string complaint) => Assert.Contains(complaint, WireTypes.Complaint(type), StringComparison.Ordinal);

    [Fact]
    public void A_complaint_names_interface_method_and_type()
    {
        var complaints = WireTypes.Complaints(typeof(IWrong));

        Assert.Equal(4, complaints.Count);
        Assert.Contains(complaints, complaint => complaint.Contains("IWrong.ListAsync: parameter 'plain'", StringComparison.Ordinal));
        Assert.Contains(complaints, complaint => complaint.Contains("IWrong.ListAsync: the result cannot be returned", StringComparison.Ordinal));
        Assert.Contains(complaints, complaint => complaint.Contains("IWrong.Now: it returns System.Int32", StringComparison.Ordinal));
        Assert.Contains(complaints, complaint => complaint.Contains("IWrong.ArraysAsync: parameter 'refused'", StringComparison.Ordinal));
        Assert.Throws<CodecNotFoundException>(() => WireTypes.Check(typeof(IWrong)));
    }
}
