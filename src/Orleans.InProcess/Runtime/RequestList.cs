namespace Orleans.Runtime;

/// <summary>A list of requests, linked through themselves: joining and leaving it, anywhere, costs no allocation and no search.</summary>
internal struct RequestList
{
    public Request? First;
    public Request? Last;
    public int Count;

    public void Add(Request request)
    {
        (request.Previous, request.Next) = (Last, null);
        _ = Last is null ? First = request : Last.Next = request;
        Last = request;
        Count++;
    }

    public void Remove(Request request)
    {
        _ = request.Previous is null ? First = request.Next : request.Previous.Next = request.Next;
        _ = request.Next is null ? Last = request.Previous : request.Next.Previous = request.Previous;
        (request.Previous, request.Next) = (null, null);
        Count--;
    }

    public readonly List<Request> ToList()
    {
        var all = new List<Request>(Count);
        for (var request = First; request is not null; request = request.Next)
        {
            all.Add(request);
        }

        return all;
    }
}
